package site

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 names it
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"ingestdoctor/server/internal/listen"
	"ingestdoctor/web/page"
)

// The check of the way out: a visitor's browser asks for a nonce here, tries to
// reach our ports with it, and compares what each answers with what we said that
// it would. Whoever answers in our stead, even by repeating the nonce, does not
// know the answer.

const (
	outboundPath  = "/api/v1/outbound"
	outboundWait  = 8 * time.Second // a dropped SYN was sent anew three times by then
	outboundLife  = 2 * time.Minute // of a nonce
	outboundTests = 2000            // at once
	outboundSeen  = 64              // connections that are remembered of a test
)

// outbound answers browsers on the ports for encoders.
type outbound struct {
	secret [32]byte // of this process
	quota  *quota
	wait   time.Duration
	open   bool // there are ports
	tls    listen.TLSMode
	now    func() time.Time

	mu    sync.Mutex
	tests map[netip.Prefix]*outboundTest
}

// outboundTest is what has arrived from a client since it began its last test.
type outboundTest struct {
	until time.Time
	seen  []outboundArrival
}

// outboundArrival is one connection that reached a port.
type outboundArrival struct {
	Port int    `json:"port"`
	Kind string `json:"kind"`             // http, https, silent, unknown, tls-failed, rtmp, rtmps, ...
	Why  string `json:"reason,omitempty"` // of tls-failed: untrusted, no-certificate, version, broken
}

func newOutbound(e *Encoders) *outbound {
	o := &outbound{quota: newQuota(10, 6*time.Second), wait: outboundWait, now: time.Now, tests: map[netip.Prefix]*outboundTest{}}
	_, _ = rand.Read(o.secret[:]) // never fails
	if e != nil {
		o.open, o.tls = true, e.listeners.TLS()
		if e.cfg.Wait > 0 {
			o.wait = e.cfg.Wait
		}
	}
	return o
}

// sign is the keyed hash of texts for one purpose.
func (o *outbound) sign(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, o.secret[:])
	_, _ = io.WriteString(h, purpose)
	for _, p := range parts {
		_, _ = io.WriteString(h, "|"+p)
	}
	return h.Sum(nil)
}

// nonce makes one for the pages of an origin: it is read by them alone, and not
// for long.
func (o *outbound) nonce(origin string) string {
	var b [32]byte
	_, _ = rand.Read(b[:16])
	binary.BigEndian.PutUint32(b[16:20], uint32(o.now().Add(outboundLife).Unix())) //nolint:gosec // until 2106
	copy(b[20:], o.sign("nonce", string(b[:20]), origin))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// good reports whether a nonce is one of ours, for this origin, and of now.
func (o *outbound) good(nonce, origin string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != 32 || !hmac.Equal(b[20:], o.sign("nonce", string(b[:20]), origin)[:12]) {
		return false
	}
	return o.now().Unix() <= int64(binary.BigEndian.Uint32(b[16:20]))
}

// answer is what a port answers to a nonce.
func (o *outbound) answer(nonce string, port int) string {
	return hex.EncodeToString(o.sign("answer", nonce, strconv.Itoa(port)))
}

// watch remembers from now on what arrives from a client.
func (o *outbound) watch(client netip.Prefix) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if len(o.tests) >= outboundTests {
		for c, t := range o.tests {
			if now.After(t.until) {
				delete(o.tests, c)
			}
		}
	}
	if len(o.tests) < outboundTests {
		o.tests[client] = &outboundTest{until: now.Add(outboundLife)}
	}
}

// observe is told of every connection to the ports.
func (o *outbound) observe(e listen.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tests[network(e.Client)]
	if t == nil || o.now().After(t.until) || len(t.seen) >= outboundSeen {
		return
	}
	a := outboundArrival{Port: e.Port, Kind: e.Kind}
	if e.Err != nil {
		switch text := e.Err.Error(); {
		case errors.Is(e.Err, listen.ErrNoCertificate):
			a.Why = "no-certificate"
		case strings.Contains(text, "certificate"):
			a.Why = "untrusted"
		case strings.Contains(text, "version"):
			a.Why = "version"
		default:
			a.Why = "broken"
		}
	}
	t.seen = append(t.seen, a)
}

func (o *outbound) arrived(client netip.Prefix) []outboundArrival {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t := o.tests[client]; t != nil {
		return slices.Clone(t.seen)
	}
	return nil
}

// outboundPlan is the answer to POST /api/v1/outbound.
type outboundPlan struct {
	Nonce   string         `json:"nonce"`
	Host    string         `json:"host"`
	Path    string         `json:"path"` // at each port
	WaitMS  int64          `json:"wait_ms"`
	TLS     string         `json:"tls"`     // files, self-signed, or empty: the ports take no TLS
	Address string         `json:"address"` // the visitor's
	Ports   []outboundPort `json:"ports"`
}

type outboundPort struct {
	Port   int    `json:"port"`
	Answer string `json:"answer"`           // that only we can give
	Barred bool   `json:"barred,omitempty"` // browsers refuse to use this port at all
}

// outboundAnswer is what a port answers.
type outboundAnswer struct {
	Answer  string `json:"answer"`
	Address string `json:"address"`           // of whoever connected
	Relayed bool   `json:"relayed,omitempty"` // by a proxy that says so
}

// apiOutbound begins a check of the way out.
func (s *Server) apiOutbound(c echo.Context) error {
	o := s.outbound
	host := s.ingestHost(c)
	if !o.open || host == "" {
		return problemError{Problem: page.Problem{
			Status: http.StatusNotFound, Title: "This portal listens on no ingest port",
			Text: "Whoever runs it can open some: ingestdoctor serve --ingest-listen :1935,:1936,:2935,:2936",
		}}
	}
	if strings.Contains(host, ":") { // see connectPolicy
		return problemError{Problem: page.Problem{
			Status: http.StatusBadRequest, Title: "This page was opened by an IPv6 address",
			Text: "A browser can be allowed to reach other ports by name only, or by an IPv4 address. Open this page by its name.",
		}}
	}
	who := client(c)
	if wait := o.quota.take(who); wait > 0 {
		over := spent{limitClient, wait}
		c.Response().Header().Set("Retry-After", strconv.Itoa(over.seconds()))
		return problemError{
			Problem: page.Problem{Status: http.StatusTooManyRequests, Title: "Too many checks in a short time", Text: "Wait a few seconds, then test again."},
			Limit:   over.limit, RetryAfter: over.seconds(),
		}
	}
	o.watch(who)
	plan := outboundPlan{
		Nonce: o.nonce(originOf(c.Request())), Host: host, WaitMS: o.wait.Milliseconds(), TLS: string(o.tls), Ports: []outboundPort{},
	}
	plan.Path = outboundPrefix + plan.Nonce
	if a := clientAddr(c); a.IsValid() {
		plan.Address = a.String()
	}
	for _, p := range s.cfg.Ingest.Ports {
		plan.Ports = append(plan.Ports, outboundPort{p.Port, o.answer(plan.Nonce, p.Port), barred(p.Port)})
	}
	return s.fresh(c, http.StatusOK, plan)
}

// apiOutboundSeen tells what has arrived from the visitor's address since the
// check began: a browser says little about a connection that failed.
func (s *Server) apiOutboundSeen(c echo.Context) error {
	seen := s.outbound.arrived(client(c))
	if seen == nil {
		seen = []outboundArrival{}
	}
	return s.fresh(c, http.StatusOK, struct {
		Arrived []outboundArrival `json:"arrived"`
	}{seen})
}

// originOf is where the page of a request is from, as a browser says it.
func originOf(r *http.Request) string {
	origin := r.Header.Get("Origin")
	if u, err := url.Parse(origin); err != nil || u.Host == "" || len(origin) > 300 {
		return ""
	}
	return origin
}

const outboundPrefix = "/outbound/"

// ServeHTTP answers a browser at a port for encoders. Everything but a nonce of
// ours gets the same short text.
func (o *outbound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	port, _, from := listen.PortOf(r)
	h, origin := w.Header(), originOf(r)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Origin")
	nonce, ok := strings.CutPrefix(r.URL.Path, outboundPrefix)
	if !ok || !o.good(nonce, origin) || r.ContentLength != 0 {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "This port is open. It takes streams of encoders (RTMP); its pages are elsewhere.\n")
		return
	}
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	switch r.Method {
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET")
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			h.Set("Access-Control-Allow-Private-Network", "true")
		}
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodGet:
	default:
		h.Set("Allow", "GET, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	relayed := strings.Contains(r.RequestURI, "://")
	for _, name := range []string{"Via", "Forwarded", "X-Forwarded-For", "X-Bluecoat-Via"} {
		relayed = relayed || r.Header.Get(name) != ""
	}
	body, _ := json.Marshal(outboundAnswer{o.answer(nonce, port), from.String(), relayed})
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		sayOverWebSocket(w, r, body)
		return
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// sayOverWebSocket takes a WebSocket, says one text of at most 65,535 bytes, and
// closes it (RFC 6455). More is not needed of the protocol.
func sayOverWebSocket(w http.ResponseWriter, r *http.Request, text []byte) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if raw, err := base64.StdEncoding.DecodeString(key); err != nil || len(raw) != 16 || r.Header.Get("Sec-WebSocket-Version") != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // no secret in it
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n")
	b = append(webSocketText(b, text), 0x88, 2, 3, 232) // and a close: 1000
	if _, err := conn.Write(b); err != nil {
		return
	}
	// The other side's close comes before ours, or it may not see what was said.
	_, _ = io.CopyN(io.Discard, conn, 1<<10)
}

// webSocketText appends a frame with a whole text, its length in as few bytes as
// there may be (browsers refuse more).
func webSocketText(b, text []byte) []byte {
	if b = append(b, 0x81); len(text) < 126 {
		b = append(b, byte(len(text)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(len(text))) //nolint:gosec // it is shorter
	}
	return append(b, text...)
}

// connectPolicy is the policy of a page that may also reach our ingest ports
// under a host, and no other.
func connectPolicy(policy, host string, ports []IngestPort) string {
	if host == "" || strings.Contains(host, ":") { // a policy cannot name an IPv6 address
		return policy
	}
	var b strings.Builder
	b.WriteString("connect-src 'self'")
	for _, p := range ports {
		at := net.JoinHostPort(host, strconv.Itoa(p.Port))
		b.WriteString(" http://" + at + " https://" + at + " ws://" + at + " wss://" + at)
	}
	return strings.Replace(policy, "connect-src 'self'", b.String(), 1)
}

// barred reports whether browsers refuse to use a port for HTTP (Fetch, "port
// blocking").
func barred(port int) bool { return slices.Contains(barredPorts, port) }

var barredPorts = []int{
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115,
	117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587,
	601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
	6697, 10080,
}

// portList is ports as text, as the page knows them.
func portList(ports []IngestPort) string {
	list := make([]string, len(ports))
	for i, p := range ports {
		list[i] = strconv.Itoa(p.Port)
	}
	return strings.Join(list, ",")
}
