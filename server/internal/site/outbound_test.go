package site

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/server/internal/listen"
)

// pushHub is a Hub that says how a push came, and ends it when it is closed.
type pushHub struct {
	*replayed
	closed chan struct{}
	once   sync.Once
}

func (h *pushHub) Serve(conn net.Conn, port int, state *tls.ConnectionState) {
	defer conn.Close()
	fmt.Fprintf(conn, "push %d %t", port, state != nil)
	<-h.closed
}

func (h *pushHub) Close(context.Context) error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// withPorts is a server with two ports for encoders.
func withPorts(t *testing.T, cfg Config, e EncoderConfig) (*Server, *logBuffer) {
	t.Helper()
	if e.Listen == nil {
		e.Listen = []string{"127.0.0.1:0", "127.0.0.1:0"}
	}
	var err error
	if cfg.Encoders, err = OpenEncoders(e); err != nil {
		t.Fatal(err)
	}
	s, log := newServer(t, cfg)
	t.Cleanup(s.Close)
	return s, log
}

var clientOfTest = netip.MustParseAddr("127.0.0.1")

// plan begins a check.
func plan(t *testing.T, s http.Handler, host, origin string) outboundPlan {
	t.Helper()
	r := httptest.NewRequest("POST", "http://"+host+outboundPath, nil)
	if origin != "" {
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var p outboundPlan
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	return p
}

// at asks a port, and gives the answer and what it holds.
func at(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // self-signed
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// Each port answers the nonce as was promised, to the page that asked, and to
// nobody else.
func TestOutbound(t *testing.T) {
	s, _ := withPorts(t, Config{}, EncoderConfig{DevTLS: true, Wait: 3 * time.Second})
	const origin = "http://localhost:8080"
	p := plan(t, s, "localhost:8080", origin)
	if p.Host != "localhost" || len(p.Ports) != 2 || p.TLS != "self-signed" || p.WaitMS != 3000 || p.Ports[0].Answer == p.Ports[1].Answer {
		t.Fatalf("the plan is %+v", p)
	}
	for _, port := range p.Ports {
		for _, scheme := range []string{"http", "https"} {
			base := fmt.Sprintf("%s://127.0.0.1:%d", scheme, port.Port)
			res, body := at(t, "GET", base+p.Path, "Origin", origin)
			var a outboundAnswer
			if err := json.Unmarshal([]byte(body), &a); err != nil || res.StatusCode != 200 || a.Answer != port.Answer || a.Address != "127.0.0.1" || a.Relayed {
				t.Errorf("%s: %d %s", base, res.StatusCode, body)
			}
			for name, want := range map[string]string{"Access-Control-Allow-Origin": origin, "Cache-Control": "no-store", "Vary": "Origin", "Access-Control-Allow-Credentials": ""} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q", base, name, got)
				}
			}
			if strings.Contains(body, p.Nonce) {
				t.Error("the nonce is repeated: whoever repeats it would look like us")
			}
			res, _ = at(t, "OPTIONS", base+p.Path, "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Private-Network", "true")
			if res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Private-Network") != "true" || res.Header.Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("preflight: %d %v", res.StatusCode, res.Header)
			}
			if got := overWebSocket(t, scheme == "https", port.Port, p.Path, origin); got != body {
				t.Errorf("%s over a WebSocket: %q", base, got)
			}
		}
	}
	base := fmt.Sprintf("http://127.0.0.1:%d", p.Ports[0].Port)
	_, body := at(t, "GET", base+p.Path, "Origin", origin, "Via", "1.1 proxy")
	if !strings.Contains(body, `"relayed":true`) {
		t.Errorf("through a proxy: %s", body)
	}
	changed := []byte(p.Path)
	changed[len(outboundPrefix)+3] ^= 1
	for name, bad := range map[string][]string{
		"another origin": {p.Path, "Origin", "http://evil.example"},
		"no origin":      {p.Path},
		"no real origin": {p.Path, "Origin", "null"},
		"changed nonce":  {string(changed), "Origin", origin},
		"short":          {p.Path[:len(p.Path)-1], "Origin", origin},
		"long":           {p.Path + "A", "Origin", origin},
		"no nonce":       {"/outbound/", "Origin", origin},
		"another path":   {"/", "Origin", origin},
	} {
		res, body := at(t, "GET", base+bad[0], bad[1:]...)
		if res.StatusCode != 404 || res.Header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(body, "This port is open") {
			t.Errorf("%s: %d %v %s", name, res.StatusCode, res.Header, body)
		}
	}
	if res, _ := at(t, "POST", base+p.Path, "Origin", origin); res.StatusCode != 405 {
		t.Errorf("POST: %d", res.StatusCode)
	}
	s.outbound.mu.Lock()
	s.outbound.now = func() time.Time { return time.Now().Add(outboundLife + 2*time.Second) }
	s.outbound.mu.Unlock()
	if res, _ := at(t, "GET", base+p.Path, "Origin", origin); res.StatusCode != 404 {
		t.Errorf("an old nonce: %d", res.StatusCode)
	}
	// a program that is no browser names no origin
	p = plan(t, s, "localhost:8080", "")
	if res, _ := at(t, "GET", base+p.Path); res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without an origin: %d %v", res.StatusCode, res.Header)
	}
	doc := described(t, s)
	doc.holds(t, "post", outboundPath, ask(s, "POST", outboundPath))
	doc.holds(t, "get", outboundPath+"/arrived", ask(s, "GET", outboundPath+"/arrived"))
}

// overWebSocket gives the one text that a port says, and wants it closed in order.
func overWebSocket(t *testing.T, encrypted bool, port int, path, origin string) string {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if encrypted {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // self-signed
	}
	// the key and its answer are those of RFC 6455, 1.3
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\nOrigin: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, origin)
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("%v %v", res, err)
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil || head[0] != 0x81 || head[1] >= 126 {
		t.Fatalf("%x %v", head, err)
	}
	text := make([]byte, head[1])
	if _, err := io.ReadFull(r, text); err != nil {
		t.Fatal(err)
	}
	bye := make([]byte, 4)
	if _, err := io.ReadFull(r, bye); err != nil || string(bye) != "\x88\x02\x03\xe8" {
		t.Fatalf("%x %v", bye, err)
	}
	// a masked close of ours ends it
	if _, err := c.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 3, 232}); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The length of a frame takes no more bytes than it must (RFC 6455, 5.2): browsers
// end the connection otherwise.
func TestWebSocketText(t *testing.T) {
	for n, want := range map[int]string{0: "\x81\x00", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 256: "\x81\x7e\x01\x00", 65535: "\x81\x7e\xff\xff"} {
		text := strings.Repeat("x", n)
		if got := string(webSocketText(nil, []byte(text))); got != want+text {
			t.Errorf("%d bytes: %.8x", n, got)
		}
	}
}

func TestOutboundRefused(t *testing.T) {
	none, _ := newServer(t, Config{})
	res := ask(none, "POST", outboundPath)
	described(t, none).holds(t, "post", outboundPath, res)
	if res.StatusCode != 404 {
		t.Errorf("without ports: %d", res.StatusCode)
	}
	s, _ := withPorts(t, Config{}, EncoderConfig{})
	six := httptest.NewRecorder()
	s.ServeHTTP(six, httptest.NewRequest("POST", "http://[::1]:8080"+outboundPath, nil))
	described(t, s).holds(t, "post", outboundPath, six.Result())
	if six.Code != 400 {
		t.Errorf("an IPv6 address: %d", six.Code)
	}
	r := httptest.NewRequest("POST", "http://localhost:8080"+outboundPath, nil)
	r.Header.Set("Origin", "http://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 403 {
		t.Errorf("another site: %d", w.Code)
	}
	for i := 0; ; i++ {
		if res := ask(s, "POST", outboundPath); res.StatusCode == 429 {
			described(t, s).holds(t, "post", outboundPath, res)
			if i < 5 || i > 12 || res.Header.Get("Retry-After") == "" {
				t.Errorf("refused after %d, %v", i, res.Header)
			}
			break
		} else if i > 20 {
			t.Fatal("there is no quota")
		}
	}
}

// What arrived tells what a browser does not: that the port is open and the
// certificate is not trusted.
func TestOutboundArrived(t *testing.T) {
	s, _ := withPorts(t, Config{}, EncoderConfig{DevTLS: true})
	arrived := func() string {
		var b strings.Builder
		r := httptest.NewRequest("GET", "http://localhost"+outboundPath+"/arrived", nil)
		r.RemoteAddr = "127.0.0.1:4000"
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		b.WriteString(w.Body.String())
		return strings.TrimSpace(b.String())
	}
	port := s.cfg.Ingest.Ports[1].Port
	try := func() {
		if _, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{ServerName: "localhost"}); err == nil {
			t.Error("a self-signed certificate is trusted")
		}
	}
	try()
	for end := time.Now().Add(5 * time.Second); !strings.Contains(text(t, ask(s, "GET", "/metrics")), `connections_total{kind="tls-failed"} 1`) && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
	}
	if got := arrived(); got != `{"arrived":[]}` {
		t.Errorf("nobody has asked yet: %s", got)
	}
	r := httptest.NewRequest("POST", "http://localhost"+outboundPath, nil)
	r.RemoteAddr = "127.0.0.1:4000"
	s.ServeHTTP(httptest.NewRecorder(), r)
	try()
	want := fmt.Sprintf(`{"arrived":[{"port":%d,"kind":"tls-failed","reason":"untrusted"}]}`, port)
	for end := time.Now().Add(5 * time.Second); arrived() != want; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s, want %s", arrived(), want)
		}
	}
	for range outboundSeen + 20 {
		s.outbound.observe(listen.Event{Port: port, Client: clientOfTest, Kind: listen.HTTP})
	}
	s.outbound.mu.Lock()
	if n := len(s.outbound.tests[network(clientOfTest)].seen); n != outboundSeen {
		t.Errorf("%d are kept", n)
	}
	s.outbound.mu.Unlock()
}

// Only the page of this check may reach the ports, under the name that it was
// opened by, and the browser's copy of it changes with them.
func TestOutboundPolicy(t *testing.T) {
	s, _ := withPorts(t, Config{AllowedHosts: []string{"doctor.example.com"}}, EncoderConfig{})
	get := func(host, path string) *http.Response {
		r := httptest.NewRequest("GET", "http://"+host+path, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Result()
	}
	port := s.cfg.Ingest.Ports[0].Port
	for host, name := range map[string]string{"doctor.example.com": "doctor.example.com", "DOCTOR.example.com:8080": "doctor.example.com", "127.0.0.1:8080": "127.0.0.1"} {
		policy := get(host, "/check/reach").Header.Get("Content-Security-Policy")
		want := fmt.Sprintf("connect-src 'self' http://%[1]s:%[2]d https://%[1]s:%[2]d ws://%[1]s:%[2]d wss://%[1]s:%[2]d ", name, port)
		if !strings.Contains(policy, want) || strings.Contains(policy, "*") || strings.Count(policy, "ws://") != 2 {
			t.Errorf("%s: %s", host, policy)
		}
	}
	if policy := get("[::1]:8080", "/check/reach").Header.Get("Content-Security-Policy"); policy != toolPolicy {
		t.Errorf("an IPv6 address: %s", policy)
	}
	for _, path := range []string{"/check/url", "/check/file", "/", "/app-worker.js"} {
		if policy := get("localhost", path).Header.Get("Content-Security-Policy"); strings.Contains(policy, ":") && strings.Contains(policy, fmt.Sprint(port)) {
			t.Errorf("%s: %s", path, policy)
		}
	}
	if worker := text(t, get("localhost", "/app-worker.js")); !strings.Contains(worker, "if (new URL(event.request.url).origin !== location.origin) return;\n  event.respondWith(") {
		t.Error("the service worker stands between the page and the ports")
	}
	first, again := get("localhost", "/check/reach"), get("localhost", "/check/reach")
	if first.Header.Get("ETag") != again.Header.Get("ETag") || first.Header.Get("ETag") == get("doctor.example.com", "/check/reach").Header.Get("ETag") {
		t.Error("the page's tag does not follow its policy")
	}
	other, _ := withPorts(t, Config{}, EncoderConfig{})
	without, _ := newServer(t, Config{})
	if s.app.Version == other.app.Version || other.app.Version == without.app.Version {
		t.Error("the build's version does not follow the ports")
	}
}

// The ports as they are offered, the streams that they take, the counters, and
// the end.
func TestEncoders(t *testing.T) {
	hub := &pushHub{newReplayed(), make(chan struct{}), sync.Once{}}
	s, _ := withPorts(t, Config{}, EncoderConfig{Hub: hub, DevTLS: true, Host: "ingest.example.com"})
	var v liveService
	if err := json.NewDecoder(ask(s, "GET", livePath).Body).Decode(&v); err != nil || !v.Open || len(v.Push) != 4 || v.Push[0].Host != "ingest.example.com" || !v.OwnCertificate {
		t.Fatalf("%+v %v", v, err)
	}
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", v.Push[0].Port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = c.Write([]byte{3})
	want := fmt.Sprintf("push %d false", v.Push[0].Port)
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("%q %v", b, err)
	}
	metrics := text(t, ask(s, "GET", "/metrics"))
	for _, line := range []string{`ingestdoctor_ingest_connections_total{kind="rtmp"} 1`, "ingestdoctor_ingest_connections 1"} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
	start := time.Now()
	s.Close()
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 || time.Since(start) > 2*time.Second {
		t.Errorf("at the end: %q %v after %v", b, err, time.Since(start))
	}
	s.Close() // again, it does nothing

	// what people know a port for decides what it is offered for
	for _, tt := range []struct {
		ports []int
		tls   listen.TLSMode
		want  string
	}{
		{[]int{1935, 2935}, listen.FromFiles, "1935 rtmp, 2935 rtmps"},
		{[]int{1935, 2935}, listen.NoTLS, "1935 rtmp, 2935 rtmp"},
		{[]int{1935}, listen.FromFiles, "1935 rtmp rtmps"},
		{[]int{443, 8000}, listen.SelfSigned, "443 rtmps, 8000 rtmp"},
	} {
		var list []string
		for _, p := range offered(tt.ports, tt.tls) {
			text := fmt.Sprint(p.Port)
			if p.Plain {
				text += " rtmp"
			}
			if p.TLS {
				text += " rtmps"
			}
			list = append(list, text)
		}
		if got := strings.Join(list, ", "); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.ports, got, tt.want)
		}
	}
}

func TestOpenEncodersErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, tt := range []struct {
		cfg  EncoderConfig
		want string
	}{
		{EncoderConfig{}, ""},
		{EncoderConfig{DevTLS: true}, "add --ingest-listen"},
		{EncoderConfig{Listen: []string{":0"}, Host: "https://x/"}, "a host name or an address alone"},
		{EncoderConfig{Listen: []string{busy.Addr().String()}}, "in use by another program"},
	} {
		e, err := OpenEncoders(tt.cfg)
		if e != nil || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v %v", tt.cfg, e, err)
		}
	}
}
