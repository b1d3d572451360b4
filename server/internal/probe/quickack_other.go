//go:build !linux

package probe

import "syscall"

// quickAck does nothing: only Linux lets a program ask for it.
func quickAck(syscall.RawConn) {}
