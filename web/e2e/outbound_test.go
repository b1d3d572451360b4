package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ingestdoctor/web/e2e/harness"
)

// The network between browser and portal, on one machine: the portal listens on
// ports of 127.0.0.1, and its page sends the browser to the same ports of
// 127.0.0.2, where each test puts what it likes: nothing, a stranger, silence, or
// a way through.
const beyond = "127.0.0.2"

// portal is a server with so many ingest ports, and those ports.
func portal(t *testing.T, n int, flags ...string) (*harness.Server, []int) {
	t.Helper()
	list := strings.TrimSuffix(strings.Repeat("127.0.0.1:0,", n), ",")
	srv, err := startLoopback(context.Background(), append([]string{"--ingest-listen", list, "--ingest-host", beyond, "--outbound-wait", "1500ms"}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Stop(); err != nil {
			t.Error(err)
		}
	})
	return srv, portsOf(t, srv)
}

func portsOf(t *testing.T, srv *harness.Server) (ports []int) {
	t.Helper()
	res, err := http.Post(srv.URL+"/api/v1/outbound", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var plan struct {
		Ports []struct{ Port int }
	}
	if err := json.NewDecoder(res.Body).Decode(&plan); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	for _, p := range plan.Ports {
		ports = append(ports, p.Port)
	}
	return ports
}

// beyondAt listens at a port of the other address.
func beyondAt(t *testing.T, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(beyond, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// serveAt puts a web server there.
func serveAt(t *testing.T, port int, h http.HandlerFunc) {
	t.Helper()
	go http.Serve(beyondAt(t, port), h) //nolint:errcheck // until its listener is closed
}

// throughAt puts a way to the portal there, and one back.
func throughAt(t *testing.T, port int, back bool) {
	t.Helper()
	l := beyondAt(t, port)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
				if err != nil {
					return
				}
				defer to.Close()
				go func() {
					_, _ = io.Copy(to, c)
					_ = to.(*net.TCPConn).CloseWrite()
				}()
				if !back {
					_, _ = io.Copy(io.Discard, to)
					time.Sleep(5 * time.Second) // longer than the browser waits
					return
				}
				_, _ = io.Copy(c, to)
			}()
		}
	}()
}

// dropAt makes the port swallow what is sent to it, as a firewall does: a queue of
// no length, full, and nobody who accepts.
func dropAt(t *testing.T, port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 2}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the third finds the queue full
		c, err := (&net.Dialer{Timeout: 300 * time.Millisecond}).Dial("tcp", net.JoinHostPort(beyond, strconv.Itoa(port)))
		if err != nil {
			return
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("this kernel takes connections that nobody accepts: no port can be made that swallows them")
}

func nonceOf(r *http.Request) string { return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] }

// strangers answer in our stead.
var strangers = map[string]http.HandlerFunc{
	"page": func(w http.ResponseWriter, _ *http.Request) { // a captive portal's
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>Welcome to the hotel</title><p>Please sign in")
	},
	"filter": func(w http.ResponseWriter, _ *http.Request) { // one that lets its words be read
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html><title>Access <b>denied</b></title>")
	},
	"echo": func(w http.ResponseWriter, r *http.Request) { // one that repeats what it was asked
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		fmt.Fprintf(w, `{"answer":%q,"address":"127.0.0.1"}`, nonceOf(r))
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.3:9/sign-in", http.StatusFound)
	},
	"open redirect": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		http.Redirect(w, r, "http://127.0.0.3:9/sign-in", http.StatusFound)
	},
}

// portState is what the page says of a port.
func portState(t *testing.T, tab *harness.Tab, port int) (state, text string) {
	t.Helper()
	s := eval[string](t, tab, fmt.Sprintf(`(() => { const e = document.querySelector('[data-port="%d"]'); return e.dataset.state + "\n" + e.innerText; })()`, port))
	state, text, _ = strings.Cut(s, "\n")
	return state, text
}

// testOutbound presses the button and waits for the end.
func testOutbound(t *testing.T, tab *harness.Tab) {
	t.Helper()
	click(t, tab, "#outbound-start")
	wait(t, tab, `document.querySelector("#outbound-ports").dataset.check === "done"`, 15*time.Second)
}

// Open, refused, intercepted and dropped ports are told apart, as each comes in.
func TestOutbound(t *testing.T) {
	t.Parallel()
	names := []string{"through", "refused", "dropped", "silent", "held", "page", "filter", "echo", "redirect", "open redirect"}
	srv, ports := portal(t, len(names))
	at := map[string]int{}
	for i, name := range names {
		at[name] = ports[i]
		if h := strangers[name]; h != nil {
			serveAt(t, ports[i], h)
		}
	}
	throughAt(t, at["through"], true)
	throughAt(t, at["held"], false)
	dropAt(t, at["dropped"])
	beyondAt(t, at["silent"]) // the system takes the connection, and nobody says anything
	tab := reachAt(t, srv, "")
	// from now on the page and its policy are the service worker's copy
	wait(t, tab, `navigator.serviceWorker.controller`, 15*time.Second)
	do(t, tab, chromedp.Reload())
	wait(t, tab, `document.querySelector("#outbound-start:not([disabled])") && document.querySelector("#my-address")`, 20*time.Second)
	tab.Requests()
	if state, _ := portState(t, tab, at["through"]); state != "waiting" {
		t.Errorf("it runs by itself: %s", state)
	}
	if s, _ := portState(t, tab, 1935); s != "absent" {
		t.Errorf("a port that is not offered: %s", s)
	}
	eval[chromedp.Void](t, tab, `window.said = []; new MutationObserver(() => { const s = document.querySelector("#status").innerText; if (s && said.at(-1) !== s) said.push(s); }).observe(document.querySelector("#status"), {childList: true, characterData: true, subtree: true})`)
	click(t, tab, "#outbound-start")
	// what is quick is told while the others are waited for
	wait(t, tab, fmt.Sprintf(`document.querySelector('[data-port="%d"]').dataset.state === "open" && document.querySelector('[data-port="%d"]').dataset.state === "running"`, at["through"], at["dropped"]), 5*time.Second)
	wait(t, tab, `document.querySelector("#outbound-ports").dataset.check === "done"`, 15*time.Second)
	for name, want := range map[string][2]string{
		"through":       {"open", "WebSocket."},
		"refused":       {"refused", "ended at once"},
		"dropped":       {"blocked", "No answer within 1.5 s"},
		"silent":        {"blocked", "No answer within 1.5 s"},
		"held":          {"reached", "our answer did not come back"},
		"page":          {"intercepted", "The browser does not show what it said"},
		"filter":        {"intercepted", "status 403, “Access"},
		"echo":          {"intercepted", "status 200, “{"},
		"redirect":      {"intercepted", "a redirect to another address"},
		"open redirect": {"intercepted", "a redirect to another address"},
	} {
		if state, text := portState(t, tab, at[name]); state != want[0] || !strings.Contains(text, want[1]) {
			t.Errorf("%s is %s: %s", name, state, text)
		}
	}
	wait(t, tab, `document.querySelector("#outbound-copy")`, 5*time.Second)
	s := textOf(t, tab, "#outbound")
	for _, want := range []string{"captive portal", "holds our answer back", "try a phone’s hotspot", fmt.Sprintf("Open from your network: %d.", at["through"]), fmt.Sprintf("%d (blocked)", at["dropped"]), "Please allow outgoing TCP", fmt.Sprintf("Test-NetConnection %s -Port", beyond)} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in %s", want, s)
		}
	}
	if ask := textOf(t, tab, "#outbound-request"); !strings.Contains(ask, "to our platform’s ingest host, port ") || strings.Contains(ask, fmt.Sprint(at["through"])) || !strings.Contains(ask, fmt.Sprint(at["dropped"])) {
		t.Errorf("the request to the administrator: %s", ask)
	}
	if said := eval[[]string](t, tab, "said"); len(said) != 2 || !strings.HasPrefix(said[1], "Open from your network: ") {
		t.Errorf("announced: %q", said)
	}
	if m := eval[string](t, tab, `new Promise(r => { navigator.clipboard.writeText = (s) => { r(s); return Promise.resolve(); }; document.querySelector("#outbound-copy").click(); })`); !strings.Contains(m, fmt.Sprintf("| %d | Open |", at["through"])) {
		t.Errorf("Markdown: %s", m)
	}
	if n := eval[int](t, tab, `document.querySelectorAll("#outbound b").length`); n != 0 {
		t.Error("a stranger's words became HTML")
	}
	axe(t, tab, "outbound, done")
	narrow(t, tab, "outbound, done")
	for _, r := range tab.Requests() {
		u, err := url.Parse(r.URL)
		if err != nil || u.Hostname() != beyond && !strings.HasPrefix(r.URL, srv.URL) && u.Hostname() != "127.0.0.3" {
			t.Errorf("asked for %s", r.URL)
		}
	}
	if eval[bool](t, tab, fmt.Sprintf(`fetch("http://127.0.0.3:%d/", {mode: "no-cors"}).then(() => true, () => false)`, at["page"])) {
		t.Error("the page may reach other hosts")
	}
}

// A page over https tries TLS alone. What it cannot see, what arrived tells.
func TestOutboundSecure(t *testing.T) {
	t.Parallel()
	names := []string{"through", "refused", "dropped", "stranger", "held"}
	srv, ports := portal(t, len(names), "--dev-tls")
	dir := t.TempDir()
	pemOf(t, certificate(t), dir)
	distrusted, others := portal(t, 1, "--ingest-cert", dir+"/cert.pem", "--ingest-key", dir+"/key.pem")
	throughAt(t, ports[0], true)
	throughAt(t, ports[4], false)
	dropAt(t, ports[2])
	strange := certificate(t)
	go http.Serve(tls.NewListener(beyondAt(t, ports[3]), &tls.Config{Certificates: []tls.Certificate{strange}}), strangers["page"]) //nolint:errcheck // until its listener is closed
	throughAt(t, others[0], true)

	own := certificate(t)
	ours, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0]), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // self-signed
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	browser, err := harness.Launch(context.Background(), "ignore-certificate-errors-spki-list="+pin(own.Leaf)+","+pin(ours.ConnectionState().PeerCertificates[0]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(browser.Close)
	visit := func(url string) *harness.Tab {
		tab, err := browser.Open(false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tab.Close)
		do(t, tab, chromedp.Navigate(url+"/check/reach"))
		wait(t, tab, `document.querySelector("#outbound-start:not([disabled])") && document.querySelector("#my-address")`, 20*time.Second)
		tab.Requests()
		testOutbound(t, tab)
		for _, r := range tab.Requests() {
			if strings.HasPrefix(url, "https:") && strings.HasPrefix(r.URL, "http:") || strings.HasPrefix(url, "https:") && strings.HasPrefix(r.URL, "ws:") {
				t.Errorf("from an https page: %s", r.URL)
			}
		}
		return tab
	}
	tab := visit(overTLS(t, srv, own))
	for i, want := range [][2]string{
		{"open", "secure WebSocket."},
		{"unclear", "does not say which"},
		{"blocked", "No answer"},
		{"unclear", "does not say which"}, // another's certificate is not shown to a page
		{"reached", "did not come back"},
	} {
		if state, text := portState(t, tab, ports[i]); state != want[0] || !strings.Contains(text, want[1]) {
			t.Errorf("%s is %s: %s", names[i], state, text)
		}
	}
	if s := textOf(t, tab, "#outbound"); !strings.Contains(s, "only encrypted connections may be tried") || !strings.Contains(s, "Open the port in a new tab") {
		t.Errorf("what an https page says: %s", s)
	}
	// the port is open and the browser refuses the certificate: not blocked, not refused
	tab = visit(overTLS(t, distrusted, own))
	if state, text := portState(t, tab, others[0]); state != "tls" || !strings.Contains(text, "does not trust our certificate") {
		t.Errorf("a certificate that is not trusted: %s: %s", state, text)
	}
	// from a page without TLS both are tried
	tab = visit(distrusted.URL)
	if state, text := portState(t, tab, others[0]); state != "open" || !strings.Contains(text, "We answered: HTTP, WebSocket. Not through: HTTPS, secure WebSocket. This browser does not trust our certificate.") {
		t.Errorf("a certificate that is not trusted, from a plain page: %s: %s", state, text)
	}
}

// pemOf writes a certificate and its key where a server takes them.
func pemOf(t *testing.T, c tls.Certificate, dir string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pin is a certificate's key as Chromium names it.
func pin(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// certificate is one that nobody trusts.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// overTLS puts a proxy with TLS before a portal.
func overTLS(t *testing.T, srv *harness.Server, cert tls.Certificate) string {
	t.Helper()
	to, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
	go http.Serve(l, proxy) //nolint:errcheck // until its listener is closed
	return "https://" + l.Addr().String()
}

// Without ports the section says so, in one sentence, and asks for nothing.
func TestOutboundNone(t *testing.T) {
	t.Parallel()
	tab := reach(t, "")
	if s := textOf(t, tab, "#outbound"); !strings.Contains(s, "does not listen on ingest ports") || eval[bool](t, tab, `!!document.querySelector("#outbound button")`) {
		t.Errorf("it says %s", s)
	}
	if eval[bool](t, tab, `fetch("http://127.0.0.1:1935/", {mode: "no-cors"}).then(() => true, (e) => false)`) {
		t.Error("the policy lets the page out")
	}
	tab.Problems() // the policy's complaint was wanted
}

// A page that is older than the server's ports, and a server that has gone.
func TestOutboundTrouble(t *testing.T) {
	t.Parallel()
	srv, _ := portal(t, 1)
	tab := reachAt(t, srv, "")
	eval[chromedp.Void](t, tab, `document.querySelector("#outbound-start").dataset.ports = "1"`)
	click(t, tab, "#outbound-start")
	wait(t, tab, `document.querySelector("#outbound-answer").innerText.includes("Reload it")`, 5*time.Second)
	if err := srv.Stop(); err != nil {
		t.Fatal(err)
	}
	click(t, tab, "#outbound-start")
	wait(t, tab, `document.querySelector("#outbound-answer").innerText.includes("does not answer")`, 5*time.Second)
}

// Pictures of the section:
//
//	go test ./web/e2e -run OutboundScreenshots -args -screenshots DIR
func TestOutboundScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots DIR given: pictures are for people")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	srv, ports := portal(t, 4, "--dev-tls")
	throughAt(t, ports[0], true)
	dropAt(t, ports[1])
	serveAt(t, ports[2], strangers["filter"])
	all, allPorts := portal(t, 4)
	for _, p := range allPorts {
		throughAt(t, p, true)
	}
	press := func(t *testing.T, tab *harness.Tab) { testOutbound(t, tab) }
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		for _, dark := range []bool{false, true} {
			for _, s := range []struct {
				name string
				srv  *harness.Server
				act  func(*testing.T, *harness.Tab)
			}{
				{"none", probing(t), func(*testing.T, *harness.Tab) {}},
				{"idle", srv, func(*testing.T, *harness.Tab) {}},
				{"running", srv, func(t *testing.T, tab *harness.Tab) {
					click(t, tab, "#outbound-start")
					wait(t, tab, fmt.Sprintf(`document.querySelector('[data-port="%d"]').dataset.state === "open"`, ports[0]), 5*time.Second)
				}},
				{"mixed", srv, press},
				{"open", all, press},
			} {
				tab := reachAt(t, s.srv, "", size[0], size[1])
				scheme(t, tab, dark)
				s.act(t, tab)
				eval[chromedp.Void](t, tab, `document.querySelector("#outbound").scrollIntoView({block: "start", behavior: "instant"})`)
				time.Sleep(200 * time.Millisecond)
				png, err := chromedp.Run(tab.Ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				name := "outbound-" + s.name + "_" + strings.ReplaceAll(viewName(size[0], dark), " ", "-") + ".png"
				if err := os.WriteFile(filepath.Join(*screenshots, name), bytes.Clone(png), 0o644); err != nil {
					t.Fatal(err)
				}
				tab.Close()
			}
		}
	}
}
