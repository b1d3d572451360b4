//go:build js && wasm

package worker

import "unsafe"

// The worker (static/js/worker-core.js) calls these and the exports of the
// program; none blocks. Numbers beyond 32 bits travel as float64, exact to 2^53.

var (
	current *Session
	most    int // bytes of its input buffer
)

// Serve hands a program's session to the worker and blocks for ever. Its input
// buffer gets at most limit bytes.
func Serve(s *Session, limit int) {
	current, most = s, limit
	select {}
}

//go:wasmexport buffer
func exportBuffer(n int32) unsafe.Pointer {
	if !current.Room(int(n), most) || n == 0 {
		return nil
	}
	return unsafe.Pointer(&current.In[0])
}

//go:wasmexport result
func exportResult() unsafe.Pointer {
	if len(current.Out) == 0 {
		return nil
	}
	return unsafe.Pointer(&current.Out[0])
}
