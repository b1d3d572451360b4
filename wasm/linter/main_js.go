//go:build js && wasm

package main

import (
	"syscall/js"
	"unsafe"
)

// The worker (static/js/worker-linter.js) calls these; none blocks. Numbers
// beyond 32 bits travel as float64, exact to 2^53.

var current = session{offset: offset}

func main() { select {} }

// offset is how many seconds the browser's zone is ahead of UTC at a moment.
func offset(unix int64) int {
	minutes := js.Global().Get("Date").New(float64(unix) * 1000).Call("getTimezoneOffset").Float()
	if minutes != minutes { // beyond the dates that JavaScript knows
		return 0
	}
	return -int(minutes) * 60
}

// guarded runs one call. No text ever makes the linter panic; should our own
// code do so, the page says that it is our fault instead of hanging.
func guarded(call func() int) (n int32) {
	defer func() {
		if recover() != nil {
			current = session{offset: offset}
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

//go:wasmexport lint
func exportLint(textLen, keyLen, profileLen, signLen, split int32, now float64) int32 {
	return guarded(func() int {
		return current.lint(int(textLen), int(keyLen), int(profileLen), int(signLen), split != 0, int64(now))
	})
}

//go:wasmexport plain
func exportPlain() int32 {
	return guarded(func() int { return current.plain() })
}

//go:wasmexport sign
func exportSign(expiry float64) int32 {
	return guarded(func() int { return current.sign(int64(expiry)) })
}

//go:wasmexport rates
func exportRates(video, audio int32) int32 {
	return guarded(func() int { return current.rates(int(video), int(audio)) })
}

//go:wasmexport forget
func exportForget() int32 {
	return guarded(func() int { return current.forget() })
}

//go:wasmexport named
func exportNamed(n int32) int32 {
	return guarded(func() int { return current.named(int(n)) })
}

//go:wasmexport about
func exportAbout() int32 {
	return guarded(func() int { return current.about() })
}
