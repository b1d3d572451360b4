package site

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	requestIDHeader = "X-Request-Id"
	unmatched       = "unmatched" // the route of a request that no route takes
)

// requestID gives every request an id: the one that a proxy set, when it is
// sane, else a new one.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(requestIDHeader)
		if !saneID(id) {
			var b [12]byte
			rand.Read(b[:]) // never fails
			id = hex.EncodeToString(b[:])
		}
		c.Response().Header().Set(requestIDHeader, id)
		return next(c)
	}
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

// observe logs and counts each request. It never writes a query string, a
// header or a fragment, and of an address that is not there not even the path:
// people paste ingest URLs, keys and all, into the wrong place.
func observe(log *slog.Logger, m *metrics) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			m.inFlight.Inc()
			defer m.inFlight.Dec()
			if err := next(c); err != nil {
				c.Error(err) // writes the error page, so that the status below is the one sent
			}
			took := time.Since(start)
			r, res, pattern := c.Request(), c.Response(), route(c)
			m.request(r.Method, pattern, res.Status, took)

			level := slog.LevelInfo
			if res.Status >= 500 {
				level = slog.LevelError
			}
			if !log.Enabled(r.Context(), level) {
				return nil
			}
			attrs := []slog.Attr{
				slog.String("id", idOf(c)),
				slog.String("method", method(r.Method)),
				slog.String("route", pattern),
				slog.Int("status", res.Status),
				slog.Int64("bytes", res.Size),
				slog.Float64("ms", float64(took.Microseconds())/1000),
			}
			if res.Status != http.StatusNotFound {
				attrs = append(attrs, slog.String("path", shorten(r.URL.Path, 200)))
			}
			log.LogAttrs(r.Context(), level, "request", attrs...)
			return nil
		}
	}
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

// recoverPanic turns a panic into the 500 page; what happened goes to the log only.
func recoverPanic(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
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
	}
}

// checkHost answers only to names it was told, so that a foreign page cannot
// point its own name at this server and read it (DNS rebinding), and no page
// links to where an attacker's Host header says. Health checks come by address.
func checkHost(hosts map[string]bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if hosts == nil || r.URL.Path == "/healthz" || hosts[hostName(r.Host)] {
				return next(c)
			}
			name := hostName(r.Host)
			if !saneHost(name) {
				return c.String(http.StatusBadRequest, "The Host header of this request is not a host name.\n")
			}
			return c.String(http.StatusMisdirectedRequest, fmt.Sprintf(
				"This server was not told that it is called %[1]s.\n\n"+
					"If it is yours: start it with\n\n    ingestdoctor serve --allowed-hosts %[1]s\n\n"+
					"or set INGESTDOCTOR_ALLOWED_HOSTS=%[1]s (several: separated by commas; * for any).\n", name))
		}
	}
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

// headers sets what every response has.
func headers(https bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", pagePolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Permissions-Policy", permissions)
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			if https {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}
