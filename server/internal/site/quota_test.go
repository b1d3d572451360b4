package site

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func TestClient(t *testing.T) {
	tests := []struct {
		trusted           []string
		peer, forward     string
		want, description string
	}{
		{nil, "203.0.113.9:1", "", "203.0.113.9/32", "directly"},
		{nil, "203.0.113.9:1", "198.51.100.1", "203.0.113.9/32", "a stranger's header is not believed"},
		{nil, "127.0.0.1:1", "198.51.100.1", "127.0.0.1/32", "nor is that of this machine, untold"},
		{nil, "[2001:db8:1:2:3:4:5:6]:1", "", "2001:db8:1:2::/64", "a network of IPv6 is one client"},
		{nil, "[::ffff:203.0.113.9]:1", "", "203.0.113.9/32", "IPv4 in IPv6's clothes"},
		{[]string{"10.0.0.0/8"}, "10.1.2.3:1", "198.51.100.1", "198.51.100.1/32", "behind a proxy"},
		{[]string{"10.0.0.0/8"}, "10.1.2.3:1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1/32", "the nearest that is not ours; what it claims is not believed"},
		{[]string{"10.0.0.0/8"}, "203.0.113.9:1", "198.51.100.1", "203.0.113.9/32", "round the proxy"},
		{[]string{"127.0.0.1"}, "127.0.0.1:1", "2001:db8::1", "2001:db8::/64", "an address alone"},
	}
	for _, tt := range tests {
		trusted, err := parseProxies(tt.trusted)
		if err != nil {
			t.Fatal(err)
		}
		e := echo.New()
		e.IPExtractor = clientOf(trusted)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		if tt.forward != "" {
			r.Header.Set("X-Forwarded-For", tt.forward)
		}
		if got := client(e.NewContext(r, nil)); got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.description, got, tt.want)
		}
	}
	if _, err := parseProxies([]string{"everybody"}); err == nil {
		t.Error("a proxy that is no address is taken")
	}
}

func TestQuota(t *testing.T) {
	now := time.Unix(1e9, 0)
	q := newQuota(3, 10*time.Second)
	q.now = func() time.Time { return now }
	a, b := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.2/32")
	for i := range 3 {
		if w := q.look(a); w != 0 {
			t.Errorf("look %d: wait %s", i, w)
		}
		if w := q.take(a); w != 0 {
			t.Errorf("take %d: wait %s", i, w)
		}
	}
	for range 5 { // what is refused takes nothing
		if w := q.take(a); w != 10*time.Second {
			t.Errorf("the fourth waits %s", w)
		}
	}
	if w := q.look(a); w != 10*time.Second {
		t.Errorf("look says %s", w)
	}
	if w := q.take(b); w != 0 {
		t.Errorf("another client waits %s", w)
	}
	now = now.Add(10 * time.Second)
	if w := q.take(a); w != 0 {
		t.Errorf("after the interval: wait %s", w)
	}
	if w := q.take(a); w == 0 {
		t.Error("the interval gave two")
	}
}

// Whoever comes from many addresses cannot fill the memory, nor free himself.
func TestQuotaForgets(t *testing.T) {
	now := time.Unix(1e9, 0)
	q := newQuota(1, time.Hour)
	q.now = func() time.Time { return now }
	at := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range mostClients + 10 {
		q.take(at(i))
	}
	if len(q.clients) > mostClients {
		t.Errorf("%d clients are remembered", len(q.clients))
	}
	now = now.Add(2 * time.Hour)
	for i := range mostClients {
		q.take(at(mostClients + 10 + i))
	}
	if len(q.clients) > mostClients {
		t.Errorf("%d clients are remembered", len(q.clients))
	}
}

func TestOwnOrigin(t *testing.T) {
	e := echo.New()
	e.Use(ownOrigin("https://doctor.example.com"))
	e.Any("/x", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	for _, tt := range []struct {
		method, origin, site string
		want                 int
	}{
		{http.MethodPost, "", "", 204}, // no browser
		{http.MethodPost, "http://localhost:8080", "same-origin", 204},
		{http.MethodPost, "http://localhost:8080", "", 204},
		{http.MethodPost, "https://doctor.example.com", "cross-site", 204}, // a proxy changed Host
		{http.MethodPost, "https://evil.example", "cross-site", 403},
		{http.MethodPost, "https://evil.example", "", 403},
		{http.MethodPut, "null", "", 403},
		{http.MethodDelete, "http://localhost:9090", "", 403},
		{http.MethodGet, "https://evil.example", "cross-site", 204}, // changes nothing
	} {
		r := httptest.NewRequest(tt.method, "/x", nil)
		r.Host = "localhost:8080"
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if tt.site != "" {
			r.Header.Set("Sec-Fetch-Site", tt.site)
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s from %q (%s): %d, want %d", tt.method, tt.origin, tt.site, w.Code, tt.want)
		}
	}
}
