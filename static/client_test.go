package static

import (
	"os/exec"
	"strings"
	"testing"
)

// The page's side of the workers, with workers that the test plays: what waits,
// what is replaced, what is told.
func TestClient(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("there is no node: install it (Debian: apt-get install nodejs), or run make test, which does")
	}
	out, err := exec.Command(node, "testdata/client.js", "js/client.js", "js/linter.js").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "12" {
		t.Errorf("%v (want 12 tests)\n%s", err, out)
	}
}
