package probe

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets the tests wait side by side: nearly all their time is spent on
// servers that do not answer. When they are done nothing may be left running.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set("24")
	}
	code := m.Run()
	if left := leftovers(3 * time.Second); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines of this package are left:\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leftovers are the goroutines that still run this package's code, or a
// resolver's, after a while.
func leftovers(wait time.Duration) (left []string) {
	for until := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		buf := make([]byte, 8<<20)
		left = nil
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "testing.") || strings.Contains(g, "probe.TestMain(") {
				continue
			}
			if strings.Contains(g, "server/internal/probe.") || strings.Contains(g, "net.(*Resolver)") || strings.Contains(g, "net.(*sysDialer)") {
				left = append(left, g)
			}
		}
		if len(left) == 0 || time.Now().After(until) {
			return left
		}
	}
}
