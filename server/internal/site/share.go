package site

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"ingestdoctor/server/internal/share"
)

// The API of diagnoses that are shared by link. Everything inside is encrypted
// in the browser; static/share/diagnosis.js is its client.
//
//	PUT    /api/v1/diagnoses/{id}                  none   create; again: the same answer
//	GET    /api/v1/diagnoses/{id}                  read   times, number of results, the envelope
//	PATCH  /api/v1/diagnoses/{id}                  own    {"closed": bool, "days": 1 to 30}, either or both
//	DELETE /api/v1/diagnoses/{id}                  own    204
//	GET    /api/v1/diagnoses/{id}/results?after=N  read   the list, of those with a number above N
//	PUT    /api/v1/diagnoses/{id}/results/{result} add    the envelope as application/octet-stream; again: the same answer
//	GET    /api/v1/diagnoses/{id}/results/{result} read   the envelope, likewise
//	GET    /api/v1/diagnoses/{id}/events           read   server-sent events (below)
//
// A token is sent as "Authorization: Bearer <43 characters>", never in an
// address. Ids, tokens, hashes and envelopes are base64url without padding; an
// id is what share.Hashes.ID makes of the three hashes.
//
// Create takes {"version": 1, "kind": "diagnosis" or "report", "days": 1 to 30,
// "read": hash, "add": hash, "own": hash, "envelope": ...}; a report is one result
// on its own, to which nothing is added.
//
// Events: "state" with what GET gives but the envelope, at first and after each
// change; "result" for each result, with its number as the event's id, so that
// Last-Event-ID (or ?after=N) goes on after it; "gone" when it was deleted or has
// expired, which ends the stream.
//
// Errors are application/problem+json with a "code":
//
//	404 not-found      unknown, expired, deleted, or another token: one answer to all
//	400 bad-request    the request cannot be understood
//	400 bad-envelope   it was cut short, or is none
//	413 too-large
//	415                another Content-Type
//	409 conflict       something else is there under this id
//	409 closed         takes no more results
//	409 full           64 results or 32 MiB are there
//	403 origin         from a page of another site
//	429 quota          see Retry-After
//	507 no-space       the server's disk is full; nothing that was acknowledged is lost
//	503 unavailable    the store cannot be written or reached just now; see Retry-After
const sharePath = "/api/v1/diagnoses"

// shareLimits bound what clients may do. The zero value of a field means its default.
type shareLimits struct {
	Create, Add, Guess     pace
	ClientStreams, Streams int
	Comment                time.Duration // between looks at what is streamed, and the comments that keep it open
	Refusal                time.Duration // what a refusal takes at least, whatever its reason
	Purge                  time.Duration
}

func (l shareLimits) complete() shareLimits {
	for p, def := range map[*pace]pace{
		&l.Create: {30, 20 * time.Second},
		&l.Add:    {1200, time.Second}, // a result needs a link; this bounds a link gone wild
		&l.Guess:  {60, 5 * time.Second},
	} {
		if p.Burst <= 0 {
			*p = def
		}
	}
	for n, def := range map[*int]int{&l.ClientStreams: 32, &l.Streams: 1000} {
		if *n <= 0 {
			*n = def
		}
	}
	for d, def := range map[*time.Duration]time.Duration{&l.Comment: 15 * time.Second, &l.Refusal: 25 * time.Millisecond, &l.Purge: time.Minute} {
		if *d <= 0 {
			*d = def
		}
	}
	return l
}

// shares is what the API of diagnoses needs.
type shares struct {
	keeper *share.Keeper // nil: this server keeps none
	limits shareLimits
	log    *slog.Logger

	creates, adds, guesses *quota

	ctx  context.Context // ends when the server stops
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	streams map[string]int // by client
	open    int

	refused *prometheus.CounterVec
	live    prometheus.Gauge
}

func startShares(cfg Config, m *metrics) (*shares, error) {
	l := cfg.shareLimits.complete()
	s := &shares{
		limits: l, log: cfg.Logger,
		creates: newQuota(l.Create.Burst, l.Create.Every),
		adds:    newQuota(l.Add.Burst, l.Add.Every),
		guesses: newQuota(l.Guess.Burst, l.Guess.Every),
		done:    make(chan struct{}), streams: map[string]int{},
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingestdoctor_diagnoses_refused_total", Help: "Requests to shared diagnoses that were refused, by code.",
		}, []string{"code"}),
		live: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ingestdoctor_diagnosis_streams", Help: "Event streams of diagnoses that are open."}),
	}
	m.registry.MustRegister(s.refused, s.live)
	s.ctx, s.stop = context.WithCancel(context.Background())
	if cfg.Diagnoses == nil {
		close(s.done)
		return s, nil
	}
	var err error
	if s.keeper, err = share.NewKeeper(s.ctx, cfg.Diagnoses, cfg.Logger); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.done)
		s.keeper.Run(s.ctx, l.Purge)
	}()
	return s, nil
}

// close ends the streams and the purge. The store stays open.
func (s *shares) close() {
	s.stop()
	<-s.done
}

func (s *Server) shareRoutes(e *echo.Echo) {
	own := ownOrigin(s.cfg.PublicURL)
	s.shares.route(e, http.MethodPut, "/:id", s.shareCreate, own)
	s.shares.route(e, http.MethodGet, "/:id", s.shareGet)
	s.shares.route(e, http.MethodPatch, "/:id", s.shareChange, own)
	s.shares.route(e, http.MethodDelete, "/:id", s.shareDelete, own)
	s.shares.route(e, http.MethodGet, "/:id/results", s.shareResults)
	s.shares.route(e, http.MethodPut, "/:id/results/:result", s.shareAdd, own)
	s.shares.route(e, http.MethodGet, "/:id/results/:result", s.shareResult)
	s.shares.route(e, http.MethodGet, "/:id/events", s.shareEvents)
}

// route gives every answer its headers, and errors their words.
func (s *shares) route(e *echo.Echo, method, path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
	e.Add(method, sharePath+path, func(c echo.Context) error {
		start := time.Now()
		header := c.Response().Header()
		header.Set("Cache-Control", "no-store")
		if s.keeper == nil {
			return s.refuse(c, start, share.ErrUnavailable)
		}
		if wait := s.guesses.look(client(c)); wait > 0 {
			return s.refuse(c, start, spent{limitGuesses, wait})
		}
		if err := h(c); err != nil {
			return s.refuse(c, start, err)
		}
		return nil
	}, m...)
}

// The quotas by name, as a refusal names them.
const (
	limitGuesses = "failed-attempts"
	limitCreates = "diagnoses"
	limitAdds    = "results"
	limitWatches = "diagnosis-streams"
)

// shareItem is an item as the API writes it.
type shareItem struct {
	Version int        `json:"version"`
	ID      string     `json:"id"`
	Kind    string     `json:"kind"`
	Created time.Time  `json:"created_at"`
	Expires time.Time  `json:"expires_at"`
	Closed  *time.Time `json:"closed_at,omitempty"` // not there while it is open
	Results int        `json:"results"`
	Now     time.Time  `json:"now"` // by the server's clock: the reader's may be wrong

	Envelope string `json:"envelope,omitempty"`
}

func (s *shares) item(it share.Item) shareItem {
	out := shareItem{
		Version: share.Version, ID: it.ID.String(), Kind: it.Kind.String(), Results: it.Results,
		Created: s.keeper.Shown(it.Created), Expires: s.keeper.Shown(it.Expires), Now: time.Now().UTC().Truncate(time.Millisecond),
	}
	if !it.Closed.IsZero() {
		at := s.keeper.Shown(it.Closed)
		out.Closed = &at
	}
	return out
}

// shareResult is a result as the API writes it.
type shareResult struct {
	ID      string    `json:"id"`
	Seq     int       `json:"seq"`
	Created time.Time `json:"created_at"`
	Size    int       `json:"size"` // bytes of the envelope
}

func (s *shares) result(r share.Result) shareResult {
	return shareResult{r.ID.String(), r.Seq, s.keeper.Shown(r.Created), r.Size}
}

// contentType refuses a body of another kind.
func contentType(c echo.Context, want string) error {
	if kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); err != nil || kind != want {
		return shareProblem{http.StatusUnsupportedMediaType, "bad-request", "This kind of content is not taken here", "Send it with Content-Type: " + want + "."}
	}
	return nil
}

// strictJSON reads a body that may hold nothing but what v has.
func strictJSON(c echo.Context, most int64, v any) error {
	if err := contentType(c, "application/json"); err != nil {
		return err
	}
	dec := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, most))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.Join(errors.New("more than one value"), end)
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return share.ErrTooLarge
	case err != nil: // its words may repeat what was sent
		return badShare("The body must be the JSON object that the API's description shows, with no other members.")
	}
	return nil
}

// The envelope of a report as base64url, and the rest around it.
const maxCreate = (share.MaxEnvelope+2)/3*4 + 1024

// shareCreate keeps a new item.
func (s *Server) shareCreate(c echo.Context) error {
	var in struct {
		Version  int    `json:"version"`
		Kind     string `json:"kind"`
		Days     int    `json:"days"`
		Read     string `json:"read"`
		Add      string `json:"add"`
		Own      string `json:"own"`
		Envelope string `json:"envelope"`
	}
	if wait := s.shares.creates.take(client(c)); wait > 0 {
		return spent{limitCreates, wait}
	}
	if err := strictJSON(c, maxCreate, &in); err != nil {
		return err
	}
	id, ok := share.ParseID(c.Param("id"))
	if !ok {
		return share.ErrNotFound
	}
	n := share.New{ID: id, Days: in.Days}
	var known [4]bool
	n.Kind, known[0] = share.ParseKind(in.Kind)
	n.Hashes.Read, known[1] = share.ParseHash(in.Read)
	n.Hashes.Add, known[2] = share.ParseHash(in.Add)
	n.Hashes.Own, known[3] = share.ParseHash(in.Own)
	switch {
	case in.Version != share.Version:
		return badShare("This server knows version 1 of shared diagnoses. Reload the page.")
	case known != [4]bool{true, true, true, true}:
		return badShare("The kind or one of the hashes is missing or malformed.")
	case in.Days < 1 || in.Days > share.MaxDays:
		return badShare("A diagnosis lives for 1 to 30 days.")
	}
	if n.Envelope, ok = share.ParseEnvelope(in.Envelope); !ok {
		return share.ErrEnvelope
	}
	it, created, err := s.shares.keeper.Create(c.Request().Context(), n)
	if err != nil {
		return err
	}
	return s.fresh(c, createdOr(created), s.shares.item(it))
}

func createdOr(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (s *Server) shareGet(c echo.Context) error {
	it, err := s.opened(c, share.Read)
	if err != nil {
		return err
	}
	envelope, err := s.shares.keeper.Envelope(c.Request().Context(), it)
	if err != nil {
		return err
	}
	out := s.shares.item(it)
	out.Envelope = share.EnvelopeText(envelope)
	return s.fresh(c, http.StatusOK, out)
}

// shareChange closes, opens again, gives other days to live.
func (s *Server) shareChange(c echo.Context) error {
	it, err := s.opened(c, share.Own)
	if err != nil {
		return err
	}
	var in struct {
		Closed *bool `json:"closed"`
		Days   *int  `json:"days"`
	}
	if err := strictJSON(c, 1024, &in); err != nil {
		return err
	}
	closed, days := !it.Closed.IsZero(), 0
	if in.Closed != nil {
		closed = *in.Closed
	}
	if in.Days != nil {
		if days = *in.Days; days < 1 || days > share.MaxDays {
			return badShare("A diagnosis lives for 1 to 30 days from now.")
		}
	}
	if in.Closed == nil && in.Days == nil {
		return badShare("Nothing is to be changed: closed, days or both are needed.")
	}
	if it, err = s.shares.keeper.Change(c.Request().Context(), it, closed, days); err != nil {
		return err
	}
	return s.fresh(c, http.StatusOK, s.shares.item(it))
}

func (s *Server) shareDelete(c echo.Context) error {
	it, err := s.opened(c, share.Own)
	if err != nil {
		return err
	}
	if err := s.shares.keeper.Delete(c.Request().Context(), it); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// after reads ?after=, the number of the last result that is known.
func after(c echo.Context) (int, error) {
	text := c.QueryParam("after")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, badShare("after must be the number of a result.")
	}
	return n, nil
}

func (s *Server) shareResults(c echo.Context) error {
	it, err := s.opened(c, share.Read)
	if err != nil {
		return err
	}
	n, err := after(c)
	if err != nil {
		return err
	}
	list, err := s.shares.keeper.Results(c.Request().Context(), it, n)
	if err != nil {
		return err
	}
	out := struct {
		Results []shareResult `json:"results"`
	}{[]shareResult{}}
	for _, r := range list {
		out.Results = append(out.Results, s.shares.result(r))
	}
	return s.fresh(c, http.StatusOK, out)
}

const envelopeType = "application/octet-stream"

// shareAdd adds a result.
func (s *Server) shareAdd(c echo.Context) error {
	it, err := s.opened(c, share.Add)
	if err != nil {
		return err
	}
	if wait := s.shares.adds.take(client(c)); wait > 0 {
		return spent{limitAdds, wait}
	}
	id, ok := share.ParseID(c.Param("result"))
	if !ok {
		return badShare("The id of a result is 22 characters of base64url.")
	}
	if err := contentType(c, envelopeType); err != nil {
		return err
	}
	envelope, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, share.MaxEnvelope))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return share.ErrTooLarge
	case err != nil:
		return share.ErrEnvelope // it broke off
	}
	res, added, err := s.shares.keeper.Add(c.Request().Context(), it, id, envelope)
	if err != nil {
		return err
	}
	return s.fresh(c, createdOr(added), s.shares.result(res))
}

func (s *Server) shareResult(c echo.Context) error {
	it, err := s.opened(c, share.Read)
	if err != nil {
		return err
	}
	id, ok := share.ParseID(c.Param("result"))
	if !ok {
		return share.ErrNotFound
	}
	envelope, err := s.shares.keeper.Result(c.Request().Context(), it, id)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, envelopeType, envelope)
}

// ownLimit reports whether a request's handler bounds its body itself.
func ownLimit(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, sharePath+"/") }

// diagnosisPrefix is where the page of a shared diagnosis is; its id follows, and
// in the fragment its key.
const diagnosisPrefix = "/d/"

// private reports whether a path may hold what no log should: the id of a probe,
// which opens its result; the id of a diagnosis, and its whole key where a mail
// gateway has made %23 of the #.
func private(path string) bool {
	for _, prefix := range []string{probesPath + "/", livePath + "/", sharePath + "/", diagnosisPrefix} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return strings.ContainsAny(path, "#%")
}
