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

// quickAck asks for acknowledgements without delay. An encoder that leaves
// Nagle's algorithm on, as FFmpeg does, would hold every small message back by
// 40 ms otherwise, and that would look like the network's jitter. Linux forgets
// it after a while, so it is asked before each read.
func quickAck(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }
