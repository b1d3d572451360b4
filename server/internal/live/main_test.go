package live

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// When the tests are done nothing of a hub may be left running.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(5 * time.Second); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines of this package are left:\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leftovers are the goroutines that still run this package's code after a while.
func leftovers(wait time.Duration) (left []string) {
	for until := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		buf := make([]byte, 8<<20)
		left = nil
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "server/internal/live.") && !strings.Contains(g, "live.TestMain(") {
				left = append(left, g)
			}
		}
		if len(left) == 0 || time.Now().After(until) {
			return left
		}
	}
}
