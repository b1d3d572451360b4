// Command validator is the worker's program: the analyser behind a handful of
// exported calls, as small as it can be. The worker (static/js/worker.js)
// writes a chunk straight into the buffer and calls write; reports come back as
// JSON. See session.go for the calls, main_js.go for their export.
package main
