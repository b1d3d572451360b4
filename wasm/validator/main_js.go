//go:build js && wasm

package main

import "ingestdoctor/wasm/worker"

// The worker (static/js/worker.js) calls these; none calls back into JavaScript.

var current session

func main() { worker.Serve(&current.Session, maxBuffer) }

func guarded(call func() int) int32 {
	return worker.Guard(call, func() { current = session{} })
}

//go:wasmexport open
func exportOpen(idLen, nameLen int32, size float64) int32 {
	return guarded(func() int { return current.open(int(idLen), int(nameLen), int64(size)) })
}

//go:wasmexport write
func exportWrite(n int32) int32 {
	return guarded(func() int { return current.write(int(n)) })
}

//go:wasmexport tail
func exportTail(n int32) int32 {
	return guarded(func() int { return current.tail(int(n)) })
}

//go:wasmexport progress
func exportProgress() int32 {
	return guarded(func() int { return current.progress() })
}

//go:wasmexport end
func exportEnd(state, detailLen int32) int32 {
	return guarded(func() int { return current.end(int(state), int(detailLen)) })
}

//go:wasmexport named
func exportNamed(n int32) int32 {
	return guarded(func() int { return current.named(int(n)) })
}

//go:wasmexport about
func exportAbout() int32 {
	return guarded(func() int { return current.about() })
}

//go:wasmexport dissect
func exportDissect(n int32, base, focus float64) int32 {
	return guarded(func() int { return current.dissect(int(n), int64(base), int64(focus)) })
}
