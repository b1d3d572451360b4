package probe

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
)

// What a log says of an error holds nothing of the target.
func TestCause(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 1935}, Err: syscall.EMFILE}, syscall.EMFILE.Error()},
		{fmt.Errorf("dial: %w", &net.AddrError{Err: "odd", Addr: "secret.example"}), "*net.AddrError"},
		{errors.New("secret.example"), "*errors.errorString"},
	} {
		if got := cause(tc.err); got != tc.want || strings.Contains(got, "203.0.113.7") {
			t.Errorf("%v: %q, want %q", tc.err, got, tc.want)
		}
	}
}
