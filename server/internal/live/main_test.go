package live_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Most tests here wait for encoders and clocks: more of them at once than there
// are processors. When they are done nothing of a hub may be left running.
func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = flag.Set("test.parallel", "8")
	}
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
			if strings.Contains(g, "server/internal/live") && !strings.Contains(g, ".TestMain(") {
				left = append(left, g)
			}
		}
		if len(left) == 0 || time.Now().After(until) {
			return left
		}
	}
}
