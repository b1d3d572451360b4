//go:build js && wasm

package main

import (
	"syscall/js"

	"ingestdoctor/wasm/worker"
)

// The worker (static/js/worker-linter.js) calls these.

var current = session{offset: offset}

func main() { worker.Serve(&current.Session, maxBuffer) }

func guarded(call func() int) int32 {
	return worker.Guard(call, func() { current = session{offset: offset} })
}

// offset is how many seconds the browser's zone is ahead of UTC at a moment.
func offset(unix int64) int {
	minutes := js.Global().Get("Date").New(float64(unix) * 1000).Call("getTimezoneOffset").Float()
	if minutes != minutes { // beyond the dates that JavaScript knows
		return 0
	}
	return -int(minutes) * 60
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
	return guarded(func() int { return current.Named(int(n)) })
}

//go:wasmexport about
func exportAbout() int32 {
	return guarded(func() int { return current.about() })
}
