package site

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"ingestdoctor/server/internal/live"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/web/page"
)

// livePath is the API of test streams.
const livePath = "/api/v1/live"

// Inspector keeps the sessions of test streams: live.Hub, or a test's.
type Inspector interface {
	// Create makes a session for a client; its errors are those of live.
	Create(req live.Request, client netip.Prefix) (live.Created, error)
	Snapshot(id string) (live.Snapshot, bool)
	// Watch tells what happens, from after the event of that number on; the first
	// event is a state, and the channel is closed after end.
	Watch(ctx context.Context, id string, from int64) (<-chan live.Event, bool)
	Stop(id string) bool
}

// Ingest is where encoders reach the Inspector.
type Ingest struct {
	Host  string       // that encoders reach; empty: the host of PublicURL, else the one that the visitor came to
	Ports []IngestPort // in the order in which they are offered
	// OwnCertificate: the certificate is made by this program itself, so an encoder
	// that checks certificates refuses it.
	OwnCertificate bool
}

// IngestPort is one port that encoders may push to.
type IngestPort struct {
	Port  int
	Plain bool // it takes RTMP
	TLS   bool // it takes RTMP over TLS
}

// liveService is the answer to GET /api/v1/live.
type liveService struct {
	Open           bool            `json:"open"` // this server takes test streams
	Push           []pushURL       `json:"push"`
	OwnCertificate bool            `json:"own_certificate,omitempty"`
	Behaviours     []liveBehaviour `json:"behaviours"`
}

// liveBehaviour is how the platform of a profile refuses.
type liveBehaviour struct {
	Profile  string         `json:"profile"`
	Behaves  bool           `json:"behaves"`
	Text     string         `json:"text"`     // what is known of it, or why nothing is refused
	Refusals []live.Refusal `json:"refusals"` // that can be asked for
}

// liveBehaviours are those of all profiles.
var liveBehaviours = sync.OnceValue(func() []liveBehaviour {
	var list []liveBehaviour
	for _, p := range profile.All() {
		b := liveBehaviour{Profile: p.ID, Behaves: live.Behaves(p), Text: live.BehaviourText(p), Refusals: live.Refusals(p)}
		if b.Refusals == nil {
			b.Refusals = []live.Refusal{}
		}
		list = append(list, b)
	}
	return list
})

// pushURL is one way to push.
type pushURL struct {
	Scheme string `json:"scheme"` // rtmp or rtmps
	Host   string `json:"host"`   // without brackets
	Port   int    `json:"port"`
	Server string `json:"server,omitempty"` // URL without the key, as OBS takes it; of a session only
}

// liveSession is the answer to POST /api/v1/live. The key is in it once.
type liveSession struct {
	live.Created
	URL            string    `json:"url"`
	Events         string    `json:"events"`
	Report         string    `json:"report"`
	Push           []pushURL `json:"push"`
	OwnCertificate bool      `json:"own_certificate,omitempty"`
}

// liveRoutes are the addresses of the API that have to do with test streams.
func (s *Server) liveRoutes(e *echo.Echo) {
	own := ownOrigin(s.cfg.PublicURL)
	e.GET(livePath, s.apiLive)
	e.POST(livePath, s.apiLiveCreate, own)
	e.GET(livePath+"/:id", s.apiLiveSnapshot)
	e.DELETE(livePath+"/:id", s.apiLiveStop, own)
	e.GET(livePath+"/:id/events", s.apiLiveEvents)
	e.GET(livePath+"/:id/report", s.apiLiveReport)
}

// open reports whether this server takes test streams.
func (l *lives) open() bool { return l.inspector != nil && len(l.ingest.Ports) > 0 }

// pushes are the addresses to push to, those without TLS first where the usual
// port is one.
func (s *Server) pushes(c echo.Context, app string) []pushURL {
	list := []pushURL{}
	host := s.ingestHost(c)
	if host == "" {
		return list
	}
	add := func(scheme string, port int) {
		p := pushURL{Scheme: scheme, Host: host, Port: port}
		if app != "" {
			p.Server = scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/" + app
		}
		list = append(list, p)
	}
	for _, p := range s.lives.ingest.Ports {
		if p.Plain {
			add("rtmp", p.Port)
		}
	}
	for _, p := range s.lives.ingest.Ports {
		if p.TLS {
			add("rtmps", p.Port)
		}
	}
	return list
}

// ingestHost is the name that encoders reach: the setting, else the portal's own.
func (s *Server) ingestHost(c echo.Context) string {
	if h := s.lives.ingest.Host; h != "" {
		return hostName(h)
	}
	if u, err := url.Parse(s.cfg.PublicURL); err == nil && u.Hostname() != "" {
		return hostName(u.Host)
	}
	if h := hostName(c.Request().Host); saneHost(h) {
		return h
	}
	return ""
}

// apiLive tells whether and where test streams are taken.
func (s *Server) apiLive(c echo.Context) error {
	v := liveService{Push: []pushURL{}, Behaviours: liveBehaviours()}
	if v.Open = s.lives.open(); v.Open {
		v.Push, v.OwnCertificate = s.pushes(c, ""), s.lives.ingest.OwnCertificate
	}
	return s.fresh(c, http.StatusOK, v)
}

// errNoLive is said where test streams are switched off.
var errNoLive = problemError{Problem: page.Problem{
	Status: http.StatusNotFound, Title: "This server takes no test streams",
	Text: "Whoever runs it can switch them on: ingestdoctor serve --ingest-listen :1935,:1936,:2935,:2936",
}}

// apiLiveCreate makes a session: 201, the key, and where to push.
func (s *Server) apiLiveCreate(c echo.Context) error {
	if !s.lives.open() {
		return errNoLive
	}
	req, err := readLiveRequest(c)
	if err != nil {
		return err
	}
	who := client(c)
	if wait := s.lives.quota.take(who); wait > 0 {
		return tooManyLive(c, limitClient, wait, "You have made many push addresses in a short time. The last one still works; wait a little before you make another.")
	}
	made, err := s.lives.inspector.Create(req, who)
	switch {
	case errors.Is(err, live.ErrProfile):
		return problemError{
			Problem: page.Problem{Status: http.StatusBadRequest, Title: "There is no such platform", Text: "Leave profile out, or take one of /api/v1/profiles."},
			Field:   "profile",
		}
	case errors.Is(err, live.ErrRefusal):
		return problemError{
			Problem: page.Problem{Status: http.StatusBadRequest, Title: "The platform does not refuse with that code", Text: "Leave refuse out, or take one of the refusals that /api/v1/live lists for the platform."},
			Field:   "refuse",
		}
	case errors.Is(err, live.ErrClient):
		return tooManyLive(c, limitClientRunning, liveRetry, "As many test streams are open from your network as may be at once. Stop one first, or wait until one ends by itself.")
	case errors.Is(err, live.ErrFull):
		return tooManyLive(c, limitAllRunning, liveRetry, "As many test streams are open on this server as it takes at once. Try again in a few minutes.")
	case errors.Is(err, live.ErrClosed):
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	case err != nil:
		return err
	}
	at := livePath + "/" + made.ID
	c.Response().Header().Set("Location", at)
	return s.fresh(c, http.StatusCreated, liveSession{
		Created: made, URL: at, Events: at + "/events", Report: at + "/report",
		Push: s.pushes(c, made.App), OwnCertificate: s.lives.ingest.OwnCertificate,
	})
}

// liveRetry is when it is worth another try where no session is free.
const liveRetry = time.Minute

func tooManyLive(c echo.Context, limit string, wait time.Duration, text string) error {
	over := spent{limit, wait}
	c.Response().Header().Set("Retry-After", strconv.Itoa(over.seconds()))
	return problemError{
		Problem: page.Problem{Status: http.StatusTooManyRequests, Title: "Too many test streams", Text: text},
		Limit:   limit, RetryAfter: over.seconds(),
	}
}

const maxLiveBody = 4 << 10 // bytes of a request for a session

func readLiveRequest(c echo.Context) (req live.Request, err error) {
	bad := problemError{Problem: page.Problem{
		Status: http.StatusBadRequest, Title: "This request for a test stream makes no sense",
		Text: `The body must be a JSON object like {"profile": "youtube", "behave": false}; beside these it may have refuse, and all may be left out.`,
	}}
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return req, echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxLiveBody))
	if err != nil {
		return req, bad
	}
	var in *live.Request
	if json.Unmarshal(body, &in) != nil || in == nil {
		return req, bad
	}
	return *in, nil
}

// errNoSession is said of an id that nobody has, or has any more.
var errNoSession = problemError{Problem: page.Problem{
	Status: http.StatusNotFound, Title: "There is no such test stream",
	Text: "Its report is kept for 30 minutes after its end, and goes when the server is restarted. Make a new push address.",
}}

// liveOf finds the session of a request.
func (s *Server) liveOf(c echo.Context) (live.Snapshot, error) {
	if s.lives.inspector != nil {
		if snap, ok := s.lives.inspector.Snapshot(c.Param("id")); ok {
			return snap, nil
		}
	}
	return live.Snapshot{}, errNoSession
}

// apiLiveSnapshot tells how a session stands.
func (s *Server) apiLiveSnapshot(c echo.Context) error {
	snap, err := s.liveOf(c)
	if err != nil {
		return err
	}
	return s.fresh(c, http.StatusOK, snap)
}

// apiLiveReport is the report so far, alone: what a person saves.
func (s *Server) apiLiveReport(c echo.Context) error {
	snap, err := s.liveOf(c)
	if err != nil {
		return err
	}
	if len(snap.Report) == 0 {
		return problemError{Problem: page.Problem{
			Status: http.StatusNotFound, Title: "There is no report yet", Text: "Nothing was pushed to this address so far.",
		}}
	}
	return s.fresh(c, http.StatusOK, snap.Report)
}

// apiLiveStop ends a session; its report stays.
func (s *Server) apiLiveStop(c echo.Context) error {
	if s.lives.inspector == nil || !s.lives.inspector.Stop(c.Param("id")) {
		if _, err := s.liveOf(c); err != nil {
			return err
		}
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}
