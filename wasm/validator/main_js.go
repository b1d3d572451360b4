//go:build js && wasm

package main

import "unsafe"

// The worker (static/js/worker.js) calls these; none blocks, none calls back
// into JavaScript. Numbers beyond 32 bits travel as float64, exact to 2^53.

var current session

func main() { select {} }

// guarded runs one call. Bad media never panics; should our own code do so,
// the page says that it is our fault instead of hanging.
func guarded(call func() int) (n int32) {
	defer func() {
		if recover() != nil {
			current = session{}
			n = panicked
		}
	}()
	return int32(call())
}

//go:wasmexport buffer
func exportBuffer(n int32) unsafe.Pointer {
	if !current.buffer(int(n)) || n == 0 {
		return nil
	}
	return unsafe.Pointer(&current.in[0])
}

//go:wasmexport result
func exportResult() unsafe.Pointer {
	if len(current.out) == 0 {
		return nil
	}
	return unsafe.Pointer(&current.out[0])
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
