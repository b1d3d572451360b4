package probe

import (
	"errors"
	"syscall"
)

// native sorts the error numbers of Windows Sockets, which are not those that
// package syscall names for other systems.
func native(err error) ending {
	var n syscall.Errno
	if !errors.As(err, &n) {
		return endOther
	}
	switch n {
	case 10061: // WSAECONNREFUSED
		return endRefused
	case 10060: // WSAETIMEDOUT
		return endTimeout
	case 10053, 10054: // WSAECONNABORTED, WSAECONNRESET
		return endReset
	case 10047, 10049, 10051: // WSAEAFNOSUPPORT, WSAEADDRNOTAVAIL, WSAENETUNREACH
		return endNoRoute
	case 10065: // WSAEHOSTUNREACH
		return endUnreach
	case 10013: // WSAEACCES
		return endDenied
	}
	return endOther
}
