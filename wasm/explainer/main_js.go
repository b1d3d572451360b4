//go:build js && wasm

package main

import "unsafe"

// The worker (static/js/worker-log.js) calls these; none blocks. Numbers beyond
// 32 bits travel as float64, exact to 2^53.

var current session

func main() { select {} }

// guarded runs one call. No text ever makes the explainer panic; should our own
// code do so, the page says that it is our fault instead of hanging.
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

//go:wasmexport named
func exportNamed(n int32) int32 {
	return guarded(func() int { return current.named(int(n)) })
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
