package site

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/share"
)

// link is what a browser has of a diagnosis, and the server has not.
type link struct {
	read, add, own share.Token
}

func newLink() (l link) {
	rand.Read(l.read[:])
	rand.Read(l.add[:])
	rand.Read(l.own[:])
	return l
}

func (l link) hashes() share.Hashes {
	return share.Hashes{Read: l.read.Hash(), Add: l.add.Hash(), Own: l.own.Hash()}
}

func (l link) id() string { return l.hashes().ID().String() }

// sealed is what could be an envelope: the server cannot tell.
func sealed(kind byte, padded int) []byte {
	e := make([]byte, 30+padded)
	rand.Read(e)
	e[0], e[1] = share.Version, kind
	return e
}

func (l link) creation(change ...func(map[string]any)) []byte {
	h := l.hashes()
	m := map[string]any{
		"version": 1, "kind": "diagnosis", "days": 7,
		"read": h.Read.String(), "add": h.Add.String(), "own": h.Own.String(),
		"envelope": share.EnvelopeText(sealed(1, 1024)),
	}
	for _, fn := range change {
		fn(m)
	}
	b, _ := json.Marshal(m)
	return b
}

// caller speaks to the API of a handler or of a server.
type caller struct {
	t    testing.TB
	do   func(*http.Request) (*http.Response, error)
	base string
}

func call(t testing.TB, s http.Handler) caller {
	return caller{t: t, base: "http://localhost:8080", do: func(r *http.Request) (*http.Response, error) {
		r.RemoteAddr, r.RequestURI = "192.0.2.1:1234", ""
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Result(), nil
	}}
}

type answer struct {
	status int
	body   []byte
	header http.Header
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return m
}

func (a answer) code() string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.body, &p)
	return p.Code
}

func (c caller) ask(method, path, token string, body []byte, header ...string) answer {
	c.t.Helper()
	a, err := c.try(method, path, token, body, header...)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (c caller) try(method, path, token string, body []byte, header ...string) (answer, error) {
	r, err := http.NewRequest(method, c.base+"/api/v1/diagnoses/"+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	switch {
	case strings.Contains(path, "/results/"):
		r.Header.Set("Content-Type", "application/octet-stream")
	case body != nil:
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, b, res.Header}, err
}

// quick are limits that do not get into the way of a test.
func quick() shareLimits {
	many := pace{1 << 20, time.Millisecond}
	return shareLimits{Create: many, Add: many, Guess: many, Refusal: time.Microsecond, Purge: time.Hour}
}

func newShareServer(t *testing.T, limits shareLimits) (*Server, *logBuffer, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := share.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s, log := newServer(t, Config{Diagnoses: store, shareLimits: limits})
	t.Cleanup(func() {
		s.Close()
		store.Close()
	})
	return s, log, dir
}

func resultID() string {
	var id share.ID
	rand.Read(id[:])
	return id.String()
}
