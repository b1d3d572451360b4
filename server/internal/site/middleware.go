package site

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

const (
	requestIDHeader = "X-Request-Id"
	unmatched       = "unmatched" // the route of a request that no route takes
)

// frame is what stands around every request, also one that no route takes: an
// id, the headers that every answer has, the check of the host, a limit for the
// body, what a panic becomes, the log and the metrics. It is one function
// because Echo makes every middleware anew for every request.
func (s *Server) frame() echo.MiddlewareFunc {
	common, hosts, log := commonHeaders(s.cfg.https()), s.cfg.hosts(), s.cfg.Logger
	limit := middleware.BodyLimit(strconv.FormatInt(s.cfg.MaxBody, 10) + "B")
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			s.metrics.inFlight.Inc()
			defer s.metrics.inFlight.Dec()

			r, h := c.Request(), c.Response().Header()
			id := requestID(r)
			h[requestIDHeader] = []string{id}
			known, kept := hostKnown(hosts, r), s.remembered(r)
			if known && kept != nil {
				err := s.sendKept(c, kept)
				s.observe(c, id, start)
				return err
			}
			for i := range common {
				h[common[i].name] = common[i].value
			}
			preflight := s.openUp(r, h)
			var err error
			switch {
			case !known:
				err = wrongHost(c)
			case preflight:
				err = allowReading(c)
			case r.ContentLength == 0, ownLimit(r): // no body at all
				err = guarded(log, next, c)
			default:
				err = guarded(log, limit(next), c)
			}
			if err != nil {
				c.Error(err) // writes the error page, so that the status below is the one sent
			}
			s.observe(c, id, start)
			return nil
		}
	}
}

// requestID is the id of a request: the one that a proxy set, when it is sane,
// else a new one. It is for finding lines in logs and protects nothing.
func requestID(r *http.Request) string {
	if id := r.Header.Get(requestIDHeader); saneID(id) {
		return id
	}
	const digits = "0123456789abcdef"
	var b [24]byte
	for half := range 2 {
		n := rand.Uint64()
		for i := range 12 {
			b[12*half+i] = digits[n>>(4*i)&15]
		}
	}
	return string(b[:])
}

// saneID reports whether an id may stand in logs and pages as it is.
func saneID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for _, r := range id {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-', r == '_', r == '.':
		default:
			return false
		}
	}
	return true
}

func idOf(c echo.Context) string { return c.Response().Header().Get(requestIDHeader) }

// route is the pattern that took the request, which is safe to log and to count by.
func route(c echo.Context) string {
	if status := c.Response().Status; c.Path() == "" || status == http.StatusNotFound && c.Path() == "/*" {
		return unmatched
	}
	return c.Path()
}

// observe counts and logs a request. It never writes a query string, a header
// or a fragment, and of an address that is not there not even the path: people
// paste ingest URLs, keys and all, into the wrong place.
func (s *Server) observe(c echo.Context, id string, start time.Time) {
	took := time.Since(start)
	r, res := c.Request(), c.Response()
	of := s.metrics.of(method(r.Method), route(c), res.Status)
	of.count.Inc()
	of.took.Observe(took.Seconds())

	level := slog.LevelInfo
	if res.Status >= 500 {
		level = slog.LevelError
	}
	if !of.log.Enabled(r.Context(), level) {
		return
	}
	// The handler at once: a Logger looks up where in the source it was called,
	// which takes longer than the line.
	line := slog.NewRecord(start.Add(took), level, "request", 0)
	line.AddAttrs(
		slog.String("id", id),
		slog.Int64("bytes", res.Size),
		slog.Float64("ms", float64(took.Microseconds())/1000),
	)
	if res.Status != http.StatusNotFound && !private(r.URL.Path) {
		line.AddAttrs(slog.String("path", shorten(r.URL.Path, 200)))
	}
	_ = of.log.Handle(r.Context(), line) // there is nowhere to say that the log cannot be written
}

// method keeps a made-up method out of logs and metrics.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return "other"
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// guarded runs a handler and turns a panic into the 500 page; what happened goes
// to the log only.
func guarded(log *slog.Logger, next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(v)
		}
		log.LogAttrs(c.Request().Context(), slog.LevelError, "panic",
			slog.String("id", idOf(c)), slog.String("route", route(c)),
			slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
		err = echo.NewHTTPError(http.StatusInternalServerError)
	}()
	return next(c)
}

// hostKnown reports whether a request came to a name that this server was told,
// so that a foreign page cannot point its own name at it and read it (DNS
// rebinding), and no page links to where an attacker's Host header says. Health
// checks come by address.
func hostKnown(hosts map[string]bool, r *http.Request) bool {
	return hosts == nil || hosts[r.Host] || hosts[hostName(r.Host)] || r.URL.Path == "/healthz"
}

// wrongHost says to whoever runs this server what to set.
func wrongHost(c echo.Context) error {
	name := hostName(c.Request().Host)
	if !saneHost(name) {
		return c.String(http.StatusBadRequest, "The Host header of this request is not a host name.\n")
	}
	return c.String(http.StatusMisdirectedRequest, fmt.Sprintf(
		"This server was not told that it is called %[1]s.\n\n"+
			"If it is yours: start it with\n\n    ingestdoctor serve --allowed-hosts %[1]s\n\n"+
			"or set INGESTDOCTOR_ALLOWED_HOSTS=%[1]s (several: separated by commas; * for any).\n", name))
}

func saneHost(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for _, r := range name {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r == '-', r == '_', r == '.', r == ':':
		default:
			return false
		}
	}
	return true
}

// The policies. Everything is ours; nothing is inline; the tool pages may run
// WebAssembly, and the worker that reads files has a stricter one of its own
// (static.WorkerPolicy).
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	toolPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// The service worker's own: it fetches pages and assets of ours into its cache.
	serviceWorkerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'"
	permissions         = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
		"magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)

// header is one that every answer has. Its value is shared and never changed in
// place: a handler sets its own instead.
type header struct {
	name  string // as net/http writes it
	value []string
}

func commonHeaders(https bool) []header {
	list := []header{
		{"Content-Security-Policy", []string{pagePolicy}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Permissions-Policy", []string{permissions}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	}
	if https {
		list = append(list, header{"Strict-Transport-Security", []string{"max-age=31536000"}})
	}
	return list
}
