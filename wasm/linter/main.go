// Command linter is the worker's program that reads ingest URLs: wasm/ingest
// and the rules' texts behind a handful of exported calls, small enough for a
// help page inside another site. The worker (static/js/worker-linter.js) writes
// what was typed into the buffer and calls lint; results come back as JSON. See
// session.go for the calls, main_js.go for their export.
package main
