package kb

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/content"
)

var index = sync.OnceValues(func() (*Index, error) {
	lib, err := content.Load()
	if err != nil {
		return nil, err
	}
	return New(lib)
})

func must(t testing.TB) *Index {
	t.Helper()
	ix, err := index()
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func shared(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../../shared", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here (it is not part of the repository)", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rank is the place of the first page that will do, from 1; 0 is not found.
func rank(hits []Hit, ok func(*content.Code) bool) int {
	for i := range hits {
		if ok(hits[i].Code) {
			return i + 1
		}
	}
	return 0
}

func list(hits []Hit) (out []string) {
	for i := range hits {
		out = append(out, hits[i].URL())
	}
	return out
}

// Symptoms in plain words and typos: two lists, each written before it was first
// measured.
func TestQueries(t *testing.T) {
	for _, name := range []string{"queries.txt", "queries2.txt"} {
		t.Run(name, func(t *testing.T) { measure(t, name) })
	}
}

func measure(t *testing.T, name string) {
	ix := must(t)
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	n, sum := 0, 0.0
	for line := range strings.Lines(string(b)) {
		q, want, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		var pages []*content.Code
		for name := range strings.FieldsSeq(want) {
			i := slices.IndexFunc(ix.lib.Codes, func(c *content.Code) bool { return c.Platform+"/"+c.Slug == name })
			if i < 0 {
				t.Errorf("%q wants %s, which is no page", q, name)
				continue
			}
			pages = append(pages, ix.lib.Codes[i])
		}
		hits := ix.Codes(q, "", 10)
		r := rank(hits, func(c *content.Code) bool { return slices.Contains(pages, c) })
		n++
		if r > 0 {
			sum += 1 / float64(r)
		}
		if r != 1 {
			t.Logf("%d: %q wants %s: %v", r, q, want, list(first(hits, 4)))
		}
	}
	if n < 60 {
		t.Errorf("%d queries", n)
	}
	mrr := sum / float64(n)
	t.Logf("mean reciprocal rank %.3f over %d queries", mrr, n)
	if mrr < 0.8 {
		t.Errorf("mean reciprocal rank %.3f, want 0.8", mrr)
	}
}

// Every code and every literal message of codes.json is among the first five.
func TestFacts(t *testing.T) {
	var rows []struct {
		ID, Platform string
		Code         *string
		Messages     []string
		Errcode      *int64
		Sub          *int64 `json:"sub_errcode"`
	}
	if err := json.Unmarshal(shared(t, "facts/codes.json"), &rows); err != nil {
		t.Fatal(err)
	}
	ix := must(t)
	pages := map[string]*content.Code{}
	for _, c := range ix.lib.Codes {
		for _, id := range c.Facts {
			pages[id] = c
		}
	}
	if len(rows) < 400 {
		t.Fatalf("%d rows", len(rows))
	}
	asked, firsts := 0, 0
	for _, r := range rows {
		page := pages[r.ID]
		if page == nil {
			t.Errorf("%s is on no page", r.ID)
			continue
		}
		queries := slices.Clone(r.Messages)
		if r.Code != nil {
			queries = append(queries, *r.Code)
		}
		for _, q := range queries {
			hits := ix.Codes(q, "", 5)
			asked++
			switch rank(hits, func(c *content.Code) bool { return c == page }) {
			case 0:
				t.Errorf("%s: %q does not find %s: %v", r.ID, q, page.URL(), list(hits))
			case 1:
				firsts++
			}
		}
	}
	t.Logf("%d of %d first", firsts, asked)
}

// Every code and message of the two lists that the project began with is first.
func TestSeeds(t *testing.T) {
	ix := must(t)
	check := func(q, platform string, ok func(*content.Code) bool) {
		t.Helper()
		hits := ix.Codes(q, "", 3)
		if len(hits) == 0 || hits[0].Code.Platform != platform || !ok(hits[0].Code) {
			t.Errorf("%q: %v", q, list(hits))
		}
	}
	n := 0
	_, causes, _ := strings.Cut(string(shared(t, "seeds/tencent-css-stream-interruption-records.txt")), "causes of stream interruption:")
	causes, _, _ = strings.Cut(causes, "Contact Us")
	for line := range strings.Lines(causes) {
		if line = strings.TrimSpace(line); line != "" {
			n++
			check(line, "tencent-css", func(c *content.Code) bool { return slices.Contains(c.Messages, line) })
		}
	}
	if n < 35 {
		t.Errorf("%d causes of Tencent", n)
	}
	n = 0
	code := regexp.MustCompile(`^\| ((?:MPE|MPI|ERROR|S)_[A-Z_]+|S_OK) *\|([^|]*)`)
	for line := range strings.Lines(string(shared(t, "seeds/azure-live-event-error-codes.txt"))) {
		m := code.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n++
		has := func(c *content.Code) bool { return slices.Contains(c.Codes, m[1]) }
		check(m[1], "azure-media-services", has)
		check(strings.TrimSpace(m[2]), "azure-media-services", has)
	}
	if n < 20 {
		t.Errorf("%d codes of Azure", n)
	}
}

// The ways in which people write one code.
func TestForms(t *testing.T) {
	ix := must(t)
	for q, want := range map[string]string{
		"18/501":             "/codes/tencent-css/18-501",
		"18-501":             "/codes/tencent-css/18-501",
		"errcode 18 sub 501": "/codes/tencent-css/18-501",
		`{"errcode":18,"sub_errcode":501,"errmsg":"x"}`: "/codes/tencent-css/18-501",
		"tencent 18/501":       "/codes/tencent-css/18-501",
		"SETDATAFRAME":         "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED",
		"mpe-bad-url-syntax":   "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"MPE_INGEST_RTMP_SETD": "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED",
		`"resultCode": "MPE_RTMP_SESSION_IDLE_TIMEOUT",`:                                                                                 "/codes/azure-media-services/MPE_RTMP_SESSION_IDLE_TIMEOUT",
		"2026/11/21 10:11:12 [error] 77#0: *1 drop idle publisher, client: 10.0.0.1, server: 0.0.0.0:1935":                               "/codes/nginx-rtmp/drop-idle-publisher",
		"[rtmp @ 0x55d0c8] Server error: Authentication failed for stream":                                                               "/codes/ffmpeg/Server-error-s",
		"10:20:30.123: [rtmp stream: 'simple_stream'] Connection to rtmp://a.example/app (1.2.3.4) successful NetStream.Publish.BadName": "/codes/rtmp-protocol/NetStream.Publish.BadName",
		"av_interleaved_write_frame(): Broken pipe":                                                                                      "/codes/ffmpeg/EPIPE",
	} {
		if hits := ix.Codes(q, "", 3); len(hits) == 0 || hits[0].URL() != want {
			t.Errorf("%q: %v, want %s", q, list(hits), want)
		}
	}
}

// What is not there is not found, and nothing breaks the search.
func TestNothing(t *testing.T) {
	ix := must(t)
	for _, q := range []string{"", "  ", "zzzzzz", "qwxyzqwx plughxyzzy", "\x00\xff\xfe", "%", "___", "🦊"} {
		if hits := ix.Codes(q, "", 5); len(hits) > 0 {
			t.Errorf("%q finds %v", q, list(hits))
		}
	}
	long := strings.Repeat("Authentication failed and %s _/ 18/501 ", 10000)
	start := time.Now()
	ix.Codes(long, "", 5)
	if d := time.Since(start); d > time.Second {
		t.Errorf("a long query took %v", d)
	}
	for _, h := range ix.Codes("timed out", "obs-studio", 10) {
		if h.Code.Platform != "obs-studio" {
			t.Errorf("%s is of another platform", h.URL())
		}
	}
	r := ix.All("key frame interval", "", 10)
	if len(r.Codes) == 0 || len(r.Rules) == 0 {
		t.Errorf("%d codes, %d rules", len(r.Codes), len(r.Rules))
	}
}

// What is remembered is what is found, and it does not grow without end.
func TestMemory(t *testing.T) {
	ix := must(t)
	for _, q := range []string{"18/501", "key frame", "zzzzzz"} {
		if a, b := list(ix.Codes(q, "", 10)), list(ix.Codes(q, "", 10)); !slices.Equal(a, b) {
			t.Errorf("%q: %v, then %v", q, a, b)
		}
	}
	if a, b := len(ix.Codes("timeout", "", 10)), len(ix.Codes("timeout", "srs", 10)); a == 0 || a == b && b == 10 {
		t.Errorf("%d and %d", a, b)
	}
	m := newMemory()
	for i := range 2 * mostKept {
		m.hits("codes", "", strings.Repeat("x", i), func() []Hit { return make([]Hit, 500) })
	}
	if len(m.kept) > mostKept {
		t.Errorf("%d kept", len(m.kept))
	}
	for _, hits := range m.kept {
		if len(hits) > mostHits {
			t.Fatalf("%d hits kept", len(hits))
		}
	}
}

// BenchmarkSearch reports the 99th percentile: at most 5 ms.
func BenchmarkSearch(b *testing.B) {
	ix := must(b)
	var queries []string
	raw, err := os.ReadFile("testdata/queries.txt")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if q, _, ok := strings.Cut(line, " => "); ok && !strings.HasPrefix(line, "#") {
			queries = append(queries, q)
		}
	}
	for _, c := range ix.lib.Codes {
		queries = append(append(queries, c.Codes...), c.Messages...)
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		ix.search(queries[i%len(queries)], func(d *doc) bool { return d.code != nil }) // without the memory
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
}

func BenchmarkNew(b *testing.B) {
	lib, err := content.Load()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ix, err := New(lib)
		if err != nil {
			b.Fatal(err)
		}
		_ = ix.Close()
	}
}

func TestExact(t *testing.T) {
	ix := must(t)
	for text, want := range map[string]string{
		"MPE_BAD_URL_SYNTAX":    "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		" mpe-bad-url-syntax ":  "/codes/azure-media-services/MPE_BAD_URL_SYNTAX",
		"18/501":                "/codes/tencent-css/18-501",
		"18-501":                "/codes/tencent-css/18-501",
		"videoIngestionStarved": "/codes/youtube-live/videoIngestionStarved",
		"The RTMP encoder did not send setDataFrame command.": "/codes/azure-media-services/MPE_INGEST_RTMP_SETDATAFRAME_NOT_RECEIVED",
		"keyframe-interval":         "/rules/keyframe-interval",
		"NetStream.Publish.BadName": "", // on three platforms
		"stream key wrong":          "",
		"":                          "",
		"-":                         "",
		"\xff":                      "",
	} {
		got := ""
		if h := ix.Exact(text); h != nil {
			got = h.URL()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
