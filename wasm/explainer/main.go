// Command explainer is the worker's program that reads pastes: wasm/explain
// behind a handful of exported calls. The worker (static/js/worker-log.js)
// writes a text into the buffer piece by piece and calls write; reports and
// masked lines come back as text. See session.go for the calls, main_js.go for
// their export.
package main
