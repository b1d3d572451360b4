package site

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Each quota holds, says its name and when to come back.
func TestProbeQuotas(t *testing.T) {
	small := pace{2, time.Minute}
	for _, tc := range []struct {
		limit  string
		limits probeLimits
		ask    func(i int) (body, remote string)
		taken  int
	}{
		{limitClient, probeLimits{Client: small}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "ok%d.example"}`, i), "203.0.113.9:1"
		}, 2},
		{limitClient, probeLimits{Client: small}, func(i int) (string, string) { // one /64
			return fmt.Sprintf(`{"target": "ok%d.example"}`, i), fmt.Sprintf("[2001:db8:1:2::%x]:1", i+1)
		}, 2},
		{limitClient, probeLimits{Client: small}, func(i int) (string, string) { // reused ones count too
			return `{"target": "ok.example"}`, "203.0.113.9:1"
		}, 2},
		{limitHost, probeLimits{Host: small}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "ok.example", "publish": true, "key": "k%d"}`, i), fmt.Sprintf("203.0.113.%d:1", i+1)
		}, 2},
		{limitAll, probeLimits{All: small}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "ok%d.example"}`, i), fmt.Sprintf("203.0.113.%d:1", i+1)
		}, 2},
		{limitClientRunning, probeLimits{ClientRunning: 2}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "stuck%d.example"}`, i), "203.0.113.9:1"
		}, 2},
		{limitAllRunning, probeLimits{AllRunning: 2}, func(i int) (string, string) {
			return fmt.Sprintf(`{"target": "stuck%d.example"}`, i), fmt.Sprintf("203.0.113.%d:1", i+1)
		}, 2},
	} {
		s, _, _ := probing(t, Config{limits: tc.limits})
		taken := 0
		for i := range 5 {
			body, remote := tc.ask(i)
			res := post(s, body, "Remote", remote)
			switch res.StatusCode {
			case 202:
				taken++
			case 429:
				p := decode[problemJSON](t, res)
				retry, _ := strconv.Atoi(res.Header.Get("Retry-After"))
				if p.Limit != tc.limit || p.RetryAfter < 1 || p.RetryAfter > 60 || retry != p.RetryAfter || p.Status != 429 || p.Detail != limitTexts[tc.limit] {
					t.Errorf("%s: %+v, Retry-After %d", tc.limit, p, retry)
				}
			default:
				t.Errorf("%s: %d", tc.limit, res.StatusCode)
			}
		}
		if taken != tc.taken {
			t.Errorf("%s: %d were taken", tc.limit, taken)
		}
		if tc.limit != limitAll && tc.limit != limitAllRunning {
			// somebody else, elsewhere
			if res := post(s, `{"target": "ok77.example"}`, "Remote", "192.0.2.200:1"); res.StatusCode != 202 {
				t.Errorf("%s: another user gets %d", tc.limit, res.StatusCode)
			}
		}
		if out := text(t, ask(s, "GET", "/metrics")); !strings.Contains(out, `ingestdoctor_probes_refused_total{limit="`+tc.limit+`"} 3`) {
			t.Errorf("%s is not counted", tc.limit)
		}
	}
	for limit := range limitTexts {
		if limitTexts[limit] == "" {
			t.Errorf("no words for %s", limit)
		}
	}
}

// The quota of an address holds whatever name led to it.
func TestProbeAddressQuota(t *testing.T) {
	s, _, _ := probing(t, Config{limits: probeLimits{Address: pace{2, time.Minute}}})
	for i := range 2 {
		if err := s.probes.admit(mustAddr(t, "203.0.113.7")); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := s.probes.admit(mustAddr(t, "::ffff:203.0.113.7")); err == nil || err.Error() != limitTexts[limitAddress] {
		t.Errorf("%v", err)
	}
	if err := s.probes.admit(mustAddr(t, "203.0.113.8")); err != nil {
		t.Error("another address is refused")
	}
	// asked for by its number, it is refused at the door
	if p := decode[problemJSON](t, post(s, `{"target": "203.0.113.7"}`)); p.Limit != limitAddress {
		t.Errorf("%+v", p)
	}
}

// A stream more than may be is refused.
func TestProbeStreams(t *testing.T) {
	s, _, _ := probing(t, Config{limits: probeLimits{Streams: 1}})
	web := httptest.NewServer(s)
	defer web.Close()
	v := begun(t, s, `{"target": "stuck.example"}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", web.URL+v.Events, nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	second, err := http.Get(web.URL + v.Events)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Body.Close()
	if p := decode[problemJSON](t, second); p.Limit != limitStreams || second.Header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
}

// 500 at once, most of them stuck: the quotas hold, nothing is left when they
// are over, and another user's page is quick meanwhile.
func TestProbeCrowd(t *testing.T) {
	s, fake, _ := probing(t, Config{limits: probeLimits{Client: pace{1000, time.Second}, All: pace{1000, time.Second}, ClientRunning: 1000}})
	ask(s, "GET", "/rules/keyframe-interval")
	runtime.GC()
	var before, during, after runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()

	var taken, refused, other atomic.Int64
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch res := post(s, fmt.Sprintf(`{"target": "stuck%d.example"}`, i), "Remote", fmt.Sprintf("10.%d.%d.1:1", i/250, i%250)); res.StatusCode {
			case 202:
				taken.Add(1)
			case 429:
				refused.Add(1)
			default:
				other.Add(1)
			}
		}()
	}
	wg.Wait()
	if taken.Load() != int64(s.probes.limits.AllRunning) || refused.Load() != 500-taken.Load() || other.Load() != 0 {
		t.Errorf("%d taken, %d refused, %d otherwise", taken.Load(), refused.Load(), other.Load())
	}
	eventually(t, "all run", func() bool { return fake.running.Load() == taken.Load() })
	runtime.GC()
	runtime.ReadMemStats(&during)
	var slowest time.Duration
	for range 50 {
		start := time.Now()
		if res := ask(s, "GET", "/rules/keyframe-interval"); res.StatusCode != 200 {
			t.Fatal(res.StatusCode)
		}
		slowest = max(slowest, time.Since(start))
	}
	if slowest > 500*time.Millisecond {
		t.Errorf("another user's page took %v", slowest)
	}
	s.Close()
	if fake.running.Load() != 0 {
		t.Errorf("%d still run", fake.running.Load())
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grew := int64(after.HeapAlloc) - int64(before.HeapAlloc); grew > 20<<20 {
		t.Errorf("%d bytes are left", grew)
	}
	t.Logf("%d taken, %d refused; heap %d kB, %d kB, %d kB; slowest page %v", taken.Load(), refused.Load(),
		before.HeapAlloc>>10, during.HeapAlloc>>10, after.HeapAlloc>>10, slowest)
}

func mustAddr(t *testing.T, s string) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
