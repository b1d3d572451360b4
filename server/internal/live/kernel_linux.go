package live

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// kernelOf tells how many bytes wait in a connection's receive queue and its
// round trip time in ms; -1 where it is not known.
func kernelOf(raw syscall.RawConn) (queue int64, rtt float64) {
	queue, rtt = -1, -1
	_ = raw.Control(func(fd uintptr) {
		if n, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ); err == nil {
			queue = int64(n)
		}
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil && info.Rtt > 0 {
			rtt = float64(info.Rtt) / 1000
		}
	})
	return queue, rtt
}
