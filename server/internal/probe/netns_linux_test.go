package probe

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A network of its own: one neighbour that swallows every packet, and routes
// that end in the kernel's own refusals.
const networkSetup = `set -e
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add 10.77.0.1/24 dev v0
ip link set v0 up
ip link set v1 up
ip neigh add 10.77.0.2 lladdr "$(cat /sys/class/net/v1/address 2>/dev/null || ip -o link show v1 | sed 's/.*ether \([0-9a-f:]*\).*/\1/')" dev v0 nud permanent
ip route add unreachable 10.88.0.0/24
ip route add prohibit 10.89.0.0/24
exec "$0" -test.run '^TestInsideNetwork$' -test.v`

const insideVar = "INGESTDOCTOR_TEST_NETWORK"

// A firewall's dropped SYN, in a network namespace: this test starts itself
// anew inside one.
func TestNetworkNamespace(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("a network of its own takes root; TestFilteredPort looks at dropped SYNs without it")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip (Debian: iproute2)")
	}
	try := exec.Command("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if out, err := try.CombinedOutput(); err != nil {
		t.Skipf("no network of its own can be made here: %v %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", networkSetup, self)
	cmd.Env = append(os.Environ(), insideVar+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestInsideNetwork") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestInsideNetwork(t *testing.T) {
	if os.Getenv(insideVar) == "" {
		t.Skip("run by TestNetworkNamespace")
	}
	p := New(Config{AllowPrivate: true, AnyPort: true, Limits: short(TCP)})
	for _, tt := range []struct {
		name, host, state, rule, severity, says string
	}{
		{"dropped SYN", "10.77.0.2", TimedOut, "probe-tcp-timeout", "error", "No answer within 1.5 s."},
		{"nothing listens", "10.77.0.1", Failed, "probe-tcp-refused", "error", "nothing listens"},
		{"host unreachable", "10.88.0.1", Failed, "probe-no-route", "error", "a router says"},
		{"forbidden", "10.89.0.1", Failed, "probe-no-route", "warning", "a firewall on this machine"},
		{"no route", "192.0.2.1", Skipped, "probe-no-route", "warning", "no route"},
		{"no IPv6", "[2001:db8::1]", Skipped, "probe-no-route", "warning", "no IPv6 here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := probeIt(t, p, Request{Target: "rtmp://" + tt.host + ":1935/live"})
			g := rungOf(t, r, TCP)
			if g.State != tt.state || !strings.Contains(strings.ToLower(g.Detail), strings.ToLower(tt.says)) {
				t.Errorf("tcp is %s: %s", g.State, g.Detail)
			}
			if f := findingOf(r, tt.rule); f == nil || len(r.Findings) != 1 || f.Severity.String() != tt.severity {
				t.Errorf("found %v, %q", messages(r), r.Verdict.Headline)
			}
		})
	}
}
