//go:build js && wasm

package main

import "ingestdoctor/wasm/worker"

// The worker (static/js/worker-log.js) calls these.

var current session

func main() { worker.Serve(&current.Session, maxBuffer) }

func guarded(call func() int) int32 {
	return worker.Guard(call, func() { current = session{} })
}

//go:wasmexport named
func exportNamed(n int32) int32 {
	return guarded(func() int { return current.Named(int(n)) })
}

//go:wasmexport about
func exportAbout() int32 {
	return guarded(func() int { return current.about() })
}

//go:wasmexport open
func exportOpen(profileLen, nameLen int32, size float64) int32 {
	return guarded(func() int { return current.open(int(profileLen), int(nameLen), int64(size)) })
}

//go:wasmexport write
func exportWrite(n int32) int32 {
	return guarded(func() int { return current.write(int(n)) })
}

//go:wasmexport end
func exportEnd(state, detailLen int32) int32 {
	return guarded(func() int { return current.end(int(state), int(detailLen)) })
}

//go:wasmexport mask
func exportMask(part, n int32) int32 {
	return guarded(func() int { return current.mask(int(part), int(n)) })
}

//go:wasmexport forget
func exportForget() int32 {
	return guarded(func() int { return current.forget() })
}
