package probe

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// quickAck asks for acknowledgements without delay. Linux forgets it after a
// while, so it is asked before each read.
func quickAck(raw syscall.RawConn) {
	if raw != nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) })
	}
}
