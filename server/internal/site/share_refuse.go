package site

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"ingestdoctor/server/internal/share"
)

// shareProblem is an error that whoever asked can do something about.
type shareProblem struct {
	Status int
	Code   string
	Title  string
	Text   string
}

func (p shareProblem) Error() string { return p.Code }

var (
	// The one answer to whoever must not know more.
	shareNotFound = shareProblem{
		http.StatusNotFound, "not-found", "This diagnosis cannot be opened",
		"It may have expired or been deleted, or the link is not complete. Ask whoever sent the link for a new one.",
	}
	shareProblems = map[error]shareProblem{
		share.ErrNotFound: shareNotFound,
		share.ErrClosed: {
			http.StatusConflict, "closed", "This diagnosis is closed",
			"Whoever owns it takes no more results. What was sent before is there. Keep your result and ask support to open it again.",
		},
		share.ErrConflict: {
			http.StatusConflict, "conflict", "Something else is there already",
			"Under this id something else has been stored. Nothing was changed. Send it anew, which gives it another id.",
		},
		share.ErrFull: {
			http.StatusConflict, "full", "This diagnosis takes no more results",
			"It holds 64 results or 32 MB already. Ask support for a new link.",
		},
		share.ErrEnvelope: {
			http.StatusBadRequest, "bad-envelope", "What arrived is not what was sent",
			"The encrypted text was cut short or changed on the way. Nothing was stored. Send it again.",
		},
		share.ErrTooLarge: {
			http.StatusRequestEntityTooLarge, "too-large", "That is too large to share",
			"A result may be 2 MB and a note 32 kB. Nothing was stored. Recordings are never uploaded: send the report alone.",
		},
		share.ErrNoSpace: {
			http.StatusInsufficientStorage, "no-space", "This server has no room left",
			"Its disk is full, so this was not stored. What was stored before is safe. Keep your result, tell whoever runs this server, and send it again later.",
		},
		share.ErrUnavailable: {
			http.StatusServiceUnavailable, "unavailable", "This server cannot store anything just now",
			"This was not stored. What was stored before is safe, and every check in the browser works. Keep your result and try again in a few minutes.",
		},
	}
	shareTexts = map[string]string{
		limitGuesses: "Too many links that cannot be opened were tried from your address. Wait a little, and check the link.",
		limitCreates: "Too many diagnoses were made from your address in a short time. Wait a little and try again.",
		limitAdds:    "Too many results were sent from your address in a short time. Keep yours, wait a little and send it again.",
		limitWatches: "As many windows as may are watching diagnoses. Close some, or reload this page now and then.",
	}
)

func badShare(text string) error {
	return shareProblem{http.StatusBadRequest, "bad-request", "This request makes no sense to the server", text}
}

// refuse writes an error. It has no request id in it, so that two answers that
// shall be alike are, to the byte; and what must not be told apart by its time
// takes its time.
func (s *shares) refuse(c echo.Context, start time.Time, err error) error {
	var (
		p     shareProblem
		over  spent
		retry int
	)
	switch {
	case errors.As(err, &over):
		retry = over.seconds()
		p = shareProblem{http.StatusTooManyRequests, "quota", "Too many requests in a short time", shareTexts[over.limit]}
	case errors.As(err, &p):
	default:
		for known, problem := range shareProblems {
			if errors.Is(err, known) {
				p = problem
			}
		}
		if p.Status == 0 {
			var other *echo.HTTPError
			if errors.As(err, &other) || c.Request().Context().Err() != nil {
				return err
			}
			s.log.Error("the store of diagnoses failed", "id", idOf(c), "route", c.Path(), "error", err.Error())
			return echo.NewHTTPError(http.StatusInternalServerError)
		}
		if p.Status > 500 && s.keeper != nil {
			s.log.Error("the store of diagnoses failed", "id", idOf(c), "route", c.Path(), "error", err.Error())
		}
	}
	switch p.Status {
	case http.StatusNotFound:
		s.guesses.take(client(c))
		select {
		case <-time.After(time.Until(start.Add(s.limits.Refusal))):
		case <-c.Request().Context().Done():
		}
	case http.StatusServiceUnavailable:
		retry = 60
	}
	s.refused.WithLabelValues(p.Code).Inc()
	if retry > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(retry))
	}
	body, err := json.Marshal(struct {
		Title      string `json:"title"`
		Status     int    `json:"status"`
		Detail     string `json:"detail"`
		Code       string `json:"code"`
		Limit      string `json:"limit,omitempty"`
		RetryAfter int    `json:"retry_after_s,omitempty"`
	}{p.Title, p.Status, p.Text, p.Code, over.limit, retry})
	if err != nil {
		return err
	}
	return c.Blob(p.Status, "application/problem+json", append(body, '\n'))
}

// opened lets a request in by its token.
func (s *Server) opened(c echo.Context, right share.Right) (share.Item, error) {
	id, ok := share.ParseID(c.Param("id"))
	scheme, text, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
	token, valid := share.ParseToken(text)
	if !ok || !valid || !strings.EqualFold(scheme, "Bearer") {
		return share.Item{}, share.ErrNotFound
	}
	return s.shares.keeper.Open(c.Request().Context(), id, token, right)
}
