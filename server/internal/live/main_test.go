package live_test

import (
	"flag"
	"os"
	"testing"
)

// Most tests here wait for encoders and clocks: more of them at once than there
// are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = flag.Set("test.parallel", "8")
	}
	os.Exit(m.Run())
}
