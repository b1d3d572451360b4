package probe

import (
	"context"
	"crypto/md5"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

// Servers that nobody here wrote, started on loopback.

// start runs a server and waits until it listens on all ports.
func start(t *testing.T, cmd *exec.Cmd, ports ...int) {
	t.Helper()
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its own group: nginx has workers
		<-done
	})
	until := time.Now().Add(30 * time.Second)
	for _, port := range ports {
		for {
			c, err := net.DialTimeout("tcp4", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
			if err == nil {
				c.Close()
				break
			}
			select {
			case err := <-done:
				done <- err
				t.Fatalf("%s ended: %v\n%s", cmd.Args[0], err, out.String())
			case <-time.After(30 * time.Millisecond):
			}
			if time.Now().After(until) {
				t.Fatalf("%s does not listen on %d\n%s", cmd.Args[0], port, out.String())
			}
		}
	}
}

// freePorts are some that nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// need finds a program, or says what to install: make test does.
func need(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: install the Debian package %s, or run make test, which does", name, debian)
	}
	return path
}

// publisher keeps a stream running under a key until the test ends.
func publisher(t *testing.T, addr, app, key string) {
	t.Helper()
	c, err := net.Dial("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if err := newShaker(nil).run(c, c, time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	s := newSession(c, func() int64 { return 0 })
	send := func(stream uint32, body []byte, until func(*rtmp.Command) bool) {
		t.Helper()
		if err := s.send(stream, body); err != nil {
			t.Fatal(err)
		}
		if err := s.await(until); err != nil {
			t.Fatal(err)
		}
	}
	url := "rtmp://" + addr + "/" + app
	var id float64
	send(0, rtmp.AppendCommand("connect", 1, rtmp.Object("app", app, "type", "nonprivate", "tcUrl", url)), func(c *rtmp.Command) bool { return c.Name == "_result" })
	send(0, rtmp.AppendCommand("createStream", 2, rtmp.Null()), func(c *rtmp.Command) bool {
		for i := range c.Args {
			if n, ok := c.Args[i].Number(); ok && c.Name == "_result" {
				id = n
				return true
			}
		}
		return false
	})
	send(uint32(id), rtmp.AppendCommand("publish", 3, rtmp.Null(), flv.Str(key), flv.Str("live")), func(c *rtmp.Command) bool {
		return c.Name == "onStatus" && c.Status().Code == "NetStream.Publish.Start"
	})
	_ = c.SetDeadline(time.Time{})
	go hold(c)
}

// real is one probe of a real server.
type real struct {
	name         string
	url, key     string
	publish      bool
	stage, state string
	rule         string
	args         map[string]string
	saw          string
	fact         [2]string
	twice        bool // once more afterwards: the key is free again
}

func (tt real) run(t *testing.T, p *Prober) {
	t.Run(tt.name, func(t *testing.T) {
		t.Parallel()
		req := Request{Target: tt.url, Key: tt.key, Publish: tt.publish}
		f := fixture{stage: tt.stage, state: tt.state, rule: tt.rule, args: tt.args, saw: tt.saw}
		r := probeIt(t, p, req)
		if tt.stage == TLS && tt.state == Failed && tt.rule == "probe-tls" && factOf(rungOf(t, r, TLS), "tls_version") != "" {
			// A certificate fault: the rungs above go on.
			found := findingOf(r, "probe-tls")
			if len(r.Findings) != 1 || found == nil || !strings.Contains(argOf(found, "reason"), tt.args["reason"]) {
				t.Errorf("found %q", messages(r))
			}
			if g := rungOf(t, r, Connect); g.State != OK {
				t.Errorf("connect is %s: %s", g.State, g.Detail)
			}
			return
		}
		f.check(t, r)
		if tt.fact[0] != "" && !strings.Contains(factOf(rungOf(t, r, tt.stage), tt.fact[0]), tt.fact[1]) {
			t.Errorf("%s is %q, want %q", tt.fact[0], factOf(rungOf(t, r, tt.stage), tt.fact[0]), tt.fact[1])
		}
		if tt.twice {
			f.check(t, probeIt(t, p, req))
		}
	})
}

// certificates of the usual sorts, below a root that the prober trusts.
func sorts(t *testing.T) (root *authority, byName map[string]*authority) {
	root = newCA(t, nil, "Test Root")
	return root, map[string]*authority{
		"good":        issue(t, root, nil),
		"self-signed": issue(t, nil, nil),
		"expired": issue(t, root, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().AddDate(0, -2, 0), time.Now().AddDate(0, 0, -1)
		}),
		"wrong name": issue(t, root, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"live.example.com"}, nil }),
	}
}

func realProber(roots *x509.CertPool) *Prober {
	return New(Config{Allow: loopback, AnyPort: true, Limits: patient(), Roots: roots})
}

func TestNginxRTMP(t *testing.T) {
	t.Parallel()
	nginx := need(t, "nginx", "nginx")
	const modules = "/usr/lib/nginx/modules/"
	for file, debian := range map[string]string{"ngx_rtmp_module.so": "libnginx-mod-rtmp", "ngx_stream_module.so": "libnginx-mod-stream"} {
		if _, err := os.Stat(modules + file); err != nil {
			t.Fatalf("%s is missing: install the Debian package %s, or run make test, which does", modules+file, debian)
		}
	}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("name") != "goodkey1" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer hook.Close()
	root, certs := sorts(t)
	names := []string{"good", "self-signed", "expired", "wrong name"}
	ports := freePorts(t, 1+len(names))
	tlsPort := map[string]int{}
	dir := t.TempDir()
	var listen strings.Builder
	for i, name := range names {
		cert, key := certs[name].files(t)
		tlsPort[name] = ports[1+i]
		fmt.Fprintf(&listen, "server { listen 127.0.0.1:%d ssl; ssl_certificate %s; ssl_certificate_key %s; proxy_pass 127.0.0.1:%d; }\n", ports[1+i], cert, key, ports[0])
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`
load_module %[1]sngx_rtmp_module.so;
load_module %[1]sngx_stream_module.so;
daemon off; worker_processes 1; pid %[2]s/pid; error_log stderr warn;
events { worker_connections 512; }
rtmp { server { listen 127.0.0.1:%[3]d; notify_method get;
	application live { live on; }
	application deny { live on; deny publish all; }
	application hook { live on; on_publish %[4]s/publish; }
} }
stream { %[5]s }
`, modules, dir, ports[0], hook.URL, listen.String())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, exec.Command(nginx, "-p", dir, "-e", "stderr", "-c", conf), ports...)
	addr := fmt.Sprintf("127.0.0.1:%d", ports[0])
	secure := func(name string) string { return fmt.Sprintf("rtmps://127.0.0.1:%d/live", tlsPort[name]) }
	publisher(t, addr, "live", "inuse-key")

	t.Run("all", func(t *testing.T) {
		p := realProber(root.pool())
		for _, tt := range []real{
			{name: "good", url: "rtmp://" + addr + "/live", stage: Connect, state: OK, fact: [2]string{"fms_ver", "FMS/3,0,1,123"}, saw: "NetConnection.Connect.Success"},
			{name: "good, publish", url: "rtmp://" + addr + "/live/freekey1", publish: true, stage: Publish, state: OK, saw: "NetStream.Publish.Start", twice: true},
			{
				name: "wrong application", url: "rtmp://" + addr + "/nope", stage: Connect, state: Failed,
				rule: "probe-connect-rejected", args: map[string]string{"code": "the connection was closed"},
			},
			{
				name: "publishing denied", url: "rtmp://" + addr + "/deny/anykey12", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was closed after NetStream.Publish.Start"},
			},
			{
				name: "key denied by a hook", url: "rtmp://" + addr + "/hook", key: "wrongkey1", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was closed"},
			},
			{name: "key taken by a hook", url: "rtmp://" + addr + "/hook", key: "goodkey1", publish: true, stage: Publish, state: OK},
			{
				name: "key in use", url: "rtmp://" + addr + "/live/inuse-key", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "NetStream.Publish.BadName", "description": "Already publishing", "closed": ""},
				saw: `code: "NetStream.Publish.BadName", description: "Already publishing"`,
			},
			{
				name: "TLS to the plain port", url: "rtmps://" + addr + "/live", stage: TLS, state: Failed,
				rule: "probe-tls", args: map[string]string{"reason": "the port speaks plain RTMP, not TLS"}, saw: "trying plain RTMP",
			},
			{
				name: "plain to the TLS port", url: strings.Replace(secure("good"), "rtmps", "rtmp", 1), stage: Handshake, state: Failed,
				rule: "probe-not-rtmp", args: map[string]string{"found": "TLS"}, saw: "TLS on a second connection",
			},
			{name: "TLS", url: secure("good"), stage: Connect, state: OK},
			{name: "self-signed", url: secure("self-signed"), stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "self-signed"}},
			{name: "expired", url: secure("expired"), stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "has expired"}},
			{name: "wrong name", url: secure("wrong name"), stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "for another name"}},
		} {
			tt.run(t, p)
		}
	})
	t.Run("time", func(t *testing.T) { quickEnough(t, addr) })
}

// quickEnough holds the probe against the bare round trips.
func quickEnough(t *testing.T, addr string) {
	p := realProber(nil)
	to := netip.MustParseAddrPort(addr)
	median := func(one func() time.Duration) time.Duration {
		var all []time.Duration
		for range 15 {
			all = append(all, one())
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	bare := median(func() time.Duration {
		began := time.Now()
		tc, err := p.guard.dial(context.Background(), to)
		if err != nil {
			t.Fatal(err)
		}
		c := newConn(context.Background(), tc, 1<<20)
		defer c.Close()
		c.stage(began.Add(5 * time.Second))
		if err := newShaker(nil).run(c, c, began.Add(5*time.Second)); err != nil {
			t.Fatal(err)
		}
		s := newSession(c, func() int64 { return 0 })
		_ = s.send(0, rtmp.AppendCommand("connect", 1, rtmp.Object("app", "live", "type", "nonprivate", "tcUrl", "rtmp://"+addr+"/live")))
		if err := s.await(func(c *rtmp.Command) bool { return c.Name == "_result" }); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	})
	last := median(func() time.Duration {
		r := probeIt(t, p, Request{Target: "rtmp://" + addr + "/live"})
		g := rungOf(t, r, Connect)
		return time.Duration((g.StartMS + g.MS) * 1e6)
	})
	t.Logf("bare round trips %v, last rung of the probe after %v", bare, last)
	if last-bare > 20*time.Millisecond {
		t.Errorf("the last rung comes %v after the bare round trips (%v)", last-bare, bare)
	}
}

func TestNodeMediaServer(t *testing.T) {
	t.Parallel()
	node := need(t, "node", "nodejs")
	dir := nodeModules(t)
	root, certs := sorts(t)
	cert, key := certs["good"].files(t)
	const secret = "nodemedia-test-secret"
	// One open, one that wants a signature.
	ports := freePorts(t, 3)
	for i, auth := range []bool{false, true} {
		cfg := map[string]any{
			"bind": "127.0.0.1", "auth": map[string]any{"play": false, "publish": auth, "secret": secret},
			"rtmp": map[string]any{"port": ports[i]},
		}
		wait := []int{ports[i]}
		if i == 0 {
			cfg["rtmps"] = map[string]any{"port": ports[2], "key": key, "cert": cert}
			wait = append(wait, ports[2])
		}
		b, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(node, "-e", "new (require('node-media-server'))("+string(b)+").run()")
		cmd.Dir = dir
		start(t, cmd, wait...)
	}
	open, signed := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	secure := fmt.Sprintf("127.0.0.1:%d", ports[2])
	publisher(t, open, "live", "inuse-key")
	exp := time.Now().Add(time.Hour).Unix()
	sum := md5.Sum(fmt.Appendf(nil, "/live/goodkey1-%d-%s", exp, secret))

	t.Run("all", func(t *testing.T) {
		p := realProber(root.pool())
		for _, tt := range []real{
			{name: "good", url: "rtmp://" + open + "/live", stage: Connect, state: OK, saw: "NetConnection.Connect.Success"},
			{name: "good, publish", url: "rtmp://" + open + "/live/freekey1", publish: true, stage: Publish, state: OK, twice: true},
			{name: "any application", url: "rtmp://" + open + "/nope", stage: Connect, state: OK},
			{name: "signature", url: "rtmp://" + signed + "/live", key: fmt.Sprintf("goodkey1?sign=%d-%s", exp, hex.EncodeToString(sum[:])), publish: true, stage: Publish, state: OK},
			{
				name: "wrong signature", url: "rtmp://" + signed + "/live/goodkey1?sign=123-abc", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was closed after NetStream.Publish.Start"},
			},
			{
				name: "key in use", url: "rtmp://" + open + "/live/inuse-key", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "the connection was closed after NetStream.Publish.Start"}, saw: "/live/**** is now published.",
			},
			{name: "TLS", url: "rtmps://" + secure + "/live", stage: Connect, state: OK},
			{name: "TLS to the plain port", url: "rtmps://" + open + "/live", stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the port speaks plain RTMP"}},
			{name: "plain to the TLS port", url: "rtmp://" + secure + "/live", stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "TLS"}},
		} {
			tt.run(t, p)
		}
	})
}

// nodeModules installs Node-Media-Server from the committed lock file when it is
// not there.
func nodeModules(t *testing.T) string {
	t.Helper()
	npm := need(t, "npm", "npm")
	dir, err := filepath.Abs("testdata/nms")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
		return dir
	}
	cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", dir, err, out)
	}
	return dir
}

func TestLal(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "lalserver")
	cmd := exec.Command("go", "build", "-o", bin, "github.com/q191201771/lal/app/lalserver")
	cmd.Dir = "testdata/lal"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building lal's server: %v\n%s", err, out)
	}
	root, certs := sorts(t)
	cert, key := certs["good"].files(t)
	ports := freePorts(t, 3)
	const secret = "lal-test-secret"
	for i, auth := range []bool{false, true} {
		dir := t.TempDir()
		rtmp := map[string]any{"enable": true, "addr": fmt.Sprintf("127.0.0.1:%d", ports[i])}
		wait := []int{ports[i]}
		if i == 0 {
			rtmp["rtmps_enable"], rtmp["rtmps_addr"] = true, fmt.Sprintf("127.0.0.1:%d", ports[2])
			rtmp["rtmps_cert_file"], rtmp["rtmps_key_file"] = cert, key
			wait = append(wait, ports[2])
		}
		b, err := json.Marshal(map[string]any{
			"conf_version": "v0.4.1", "rtmp": rtmp,
			"simple_auth": map[string]any{"key": secret, "pub_rtmp_enable": auth},
			"log":         map[string]any{"level": 3, "filename": "", "is_to_stdout": true},
		})
		if err != nil {
			t.Fatal(err)
		}
		conf := filepath.Join(dir, "conf.json")
		if err := os.WriteFile(conf, b, 0o600); err != nil {
			t.Fatal(err)
		}
		server := exec.Command(bin, "-c", conf)
		server.Dir = dir
		start(t, server, wait...)
	}
	open, signed := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	secure := fmt.Sprintf("127.0.0.1:%d", ports[2])
	publisher(t, open, "live", "inuse-key")
	sum := md5.Sum([]byte(secret + "goodkey1"))

	t.Run("all", func(t *testing.T) {
		p := realProber(root.pool())
		for _, tt := range []real{
			{name: "good", url: "rtmp://" + open + "/live", stage: Connect, state: OK, fact: [2]string{"fms_ver", "FMS/3,0,1,123"}},
			{name: "good, publish", url: "rtmp://" + open + "/live/freekey1", publish: true, stage: Publish, state: OK, twice: true},
			{name: "any application", url: "rtmp://" + open + "/nope", stage: Connect, state: OK},
			{name: "signature", url: "rtmp://" + signed + "/live/goodkey1?lal_secret=" + hex.EncodeToString(sum[:]), publish: true, stage: Publish, state: OK},
			{
				name: "wrong signature", url: "rtmp://" + signed + "/live/goodkey1?lal_secret=0123456789", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "after NetStream.Publish.Start"},
			},
			{
				name: "key in use", url: "rtmp://" + open + "/live/inuse-key", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "after NetStream.Publish.Start"},
			},
			{name: "TLS", url: "rtmps://" + secure + "/live", stage: Connect, state: OK},
			{name: "TLS to the plain port", url: "rtmps://" + open + "/live", stage: TLS, state: Failed, rule: "probe-tls", args: map[string]string{"reason": "the port speaks plain RTMP"}},
			{name: "plain to the TLS port", url: "rtmp://" + secure + "/live", stage: Handshake, state: Failed, rule: "probe-not-rtmp", args: map[string]string{"found": "TLS"}},
		} {
			tt.run(t, p)
		}
	})
}
