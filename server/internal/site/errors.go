package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"ingestdoctor/web/page"
)

// problems say in plain words what each error status means and what to do now.
var problems = map[int]page.Problem{
	http.StatusBadRequest: {
		Title: "This request makes no sense to the server",
		Text:  "Something in the address or in what was sent is malformed. Go back and try again from the page you came from.",
	},
	http.StatusForbidden: {
		Title: "This request is not allowed",
		Text:  "It comes from a page of another site. Use our own pages, or a program that is no browser.",
	},
	http.StatusNotFound: {
		Title: "There is no such page",
		Text:  "The address may be mistyped, or the page may have moved. The search above knows every code, guide and rule.",
	},
	http.StatusMethodNotAllowed: {
		Title: "This address does not take such a request",
		Text:  "The page exists, but not for this kind of request. Open it by its link instead.",
	},
	http.StatusRequestEntityTooLarge: {
		Title: "That was too much at once",
		Text:  "What was sent is larger than this server takes. Recordings are never uploaded here: check them on the page, in your browser.",
	},
	http.StatusUnsupportedMediaType: {
		Title: "This kind of content is not taken here",
		Text:  "Send JSON, with the header Content-Type: application/json.",
	},
	http.StatusTooManyRequests: {
		Title: "Too many requests in a short time",
		Text:  "Wait a minute and try again. Checking recordings in your browser is not limited.",
	},
	http.StatusInternalServerError: {
		Title: "Something broke on this server",
		Text:  "It is not your doing. Try again; if it stays, tell whoever runs this server the request id below.",
	},
	http.StatusServiceUnavailable: {
		Title: "This server is not ready",
		Text:  "It is starting or being updated. Try again in a moment.",
	},
}

func problemOf(status int) page.Problem {
	p, ok := problems[status]
	if !ok {
		p = problems[http.StatusBadRequest]
		if status >= 500 {
			p = problems[http.StatusInternalServerError]
		}
	}
	p.Status = status
	return p
}

// problemError is an error with words of its own.
type problemError struct {
	page.Problem
	Field      string // of the request that is at fault
	Limit      string // which quota is spent
	RetryAfter int    // seconds until it is worth another try
}

func (e problemError) Error() string { return e.Title }

// handleError writes an error as a page, or as JSON (RFC 9457) where a program
// asks. What an error says of the server's inside goes to the log alone.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status := http.StatusInternalServerError
	var (
		he  *echo.HTTPError
		own problemError
	)
	switch {
	case errors.As(err, &own):
		status = own.Status
	case errors.As(err, &he):
		status = he.Code
	default:
		s.cfg.Logger.Error("request failed", "id", idOf(c), "route", route(c), "error", err.Error())
	}
	p := own.Problem
	if p.Status == 0 {
		p = problemOf(status)
	}
	p.RequestID = idOf(c)

	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	h.Del("ETag")
	if wantsJSON(c.Request()) {
		body, _ := json.Marshal(struct {
			Title      string `json:"title"`
			Status     int    `json:"status"`
			Detail     string `json:"detail"`
			RequestID  string `json:"request_id"`
			Field      string `json:"field,omitempty"`
			Limit      string `json:"limit,omitempty"`
			RetryAfter int    `json:"retry_after_s,omitempty"`
		}{p.Title, p.Status, p.Text, p.RequestID, own.Field, own.Limit, own.RetryAfter})
		_ = c.Blob(status, "application/problem+json", append(body, '\n'))
		return
	}
	h.Set("Content-Security-Policy", pagePolicy)
	var b bytes.Buffer
	if err := s.pages.Error(p).Render(c.Request().Context(), &b); err != nil {
		_ = c.String(status, p.Title+"\n")
		return
	}
	_ = c.HTMLBlob(status, b.Bytes())
}

// wantsJSON reports whether a program asks: below /api, or with an Accept
// header that names JSON and no HTML.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.HasPrefix(r.URL.Path, "/api/") ||
		strings.Contains(accept, "json") && !strings.Contains(accept, "html")
}
