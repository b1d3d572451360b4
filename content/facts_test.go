package content

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

const shared = "../../shared"

// row is a row of codes.json.
type row struct {
	ID       string   `json:"id"`
	Platform string   `json:"platform"`
	Code     *string  `json:"code"`
	Messages []string `json:"messages"`
	Errcode  *int64   `json:"errcode"`
	Sub      *int64   `json:"sub_errcode"`
}

func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here (it is not part of the repository)", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFacts: every row of codes.json is on exactly one page, with its code and
// its messages to the letter. Platforms without a folder are listed only.
func TestFacts(t *testing.T) {
	var rows []row
	if err := json.Unmarshal(sharedFile(t, "facts/codes.json"), &rows); err != nil {
		t.Fatal(err)
	}
	l := must(t)
	covers := map[string]*Code{}
	for _, c := range l.Codes {
		for _, id := range c.Facts {
			covers[id] = c // the loader refuses an id on two pages
		}
	}
	known := map[string]bool{}
	missing := map[string]int{}
	for _, r := range rows {
		known[r.ID] = true
		c := covers[r.ID]
		if c == nil {
			if len(l.ByPlatform(r.Platform)) > 0 {
				t.Errorf("%s is on no page", r.ID)
			}
			missing[r.Platform]++
			continue
		}
		if c.Platform != r.Platform {
			t.Errorf("%s is on a page of %s", r.ID, c.Platform)
		}
		// The loader takes no code or message with white space at an end; three rows have it.
		if r.Code != nil && !slices.Contains(c.Codes, strings.TrimSpace(*r.Code)) {
			t.Errorf("%s: codes lack %q of %s", c.File, *r.Code, r.ID)
		}
		for _, m := range r.Messages {
			if !slices.Contains(c.Messages, strings.TrimSpace(m)) {
				t.Errorf("%s: messages lack %q of %s", c.File, m, r.ID)
			}
		}
		if r.Errcode != nil {
			want := Number{{"errcode", *r.Errcode}, {"sub_errcode", *r.Sub}}
			if !slices.ContainsFunc(c.Numbers, func(n Number) bool { return slices.Equal(n, want) }) {
				t.Errorf("%s: numbers lack %v of %s", c.File, want, r.ID)
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(missing)) {
		t.Logf("%s: %d rows to be written", p, missing[p])
	}
	for _, id := range slices.Sorted(maps.Keys(covers)) {
		if !known[id] {
			t.Errorf("%s: there is no row %s", covers[id].File, id)
		}
	}
}

// TestAzureSeed: every result code and description of the first document is on
// the page of that code.
func TestAzureSeed(t *testing.T) {
	src := string(sharedFile(t, "seeds/azure-live-event-error-codes.txt"))
	l := must(t)
	n := 0
	for line := range strings.Lines(src) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		code := strings.TrimSpace(cells[1])
		switch {
		case strings.HasPrefix(code, "*"), strings.HasPrefix(code, "-"), code == "", code == "COMMENTS":
			continue // headings, rulers and the internal incident links, which are left out
		}
		n++
		if _, ok := l.Code("azure-media-services", code); !ok {
			t.Errorf("no page for %s", code)
		}
	}
	if n != 22 {
		t.Errorf("read %d rows of the seed's tables", n)
	}
}

// TestAzureGuide: what the RTMP guide names is on our pages.
func TestAzureGuide(t *testing.T) {
	src := string(sharedFile(t, "seeds/azure-rtmp-live-streaming-guide.txt"))
	l := must(t)
	_, list, _ := strings.Cut(src, "### On-premises live encoders that output RTMP")
	list, _, _ = strings.Cut(list, "**Note**")
	names := regexp.MustCompile(`(?m)^- (.+)$`).FindAllStringSubmatch(list, -1)
	if len(names) != 12 {
		t.Fatalf("read %d encoders of the guide", len(names))
	}
	for _, m := range names {
		found := false
		for _, a := range l.Articles(Encoders) {
			found = found || strings.EqualFold(a.Title, m[1]) ||
				slices.ContainsFunc(a.Aliases, func(s string) bool { return strings.EqualFold(s, m[1]) })
		}
		if !found {
			t.Errorf("no encoder page has %q as title or alias", m[1])
		}
	}
}

// TestTencentSeed: every cause of the list of 2022 is a message, to the letter.
func TestTencentSeed(t *testing.T) {
	src := string(sharedFile(t, "seeds/tencent-css-stream-interruption-records.txt"))
	l := must(t)
	_, list, ok := strings.Cut(src, "See the table below for a list of the causes of stream interruption:")
	list, _, ok2 := strings.Cut(list, "Contact Us")
	if !ok || !ok2 {
		t.Fatal("the seed has another form")
	}
	n := 0
	for line := range strings.Lines(list) {
		cause := strings.TrimSpace(line)
		if cause == "" {
			continue
		}
		n++
		if !slices.ContainsFunc(l.ByPlatform("tencent-css"), func(c *Code) bool { return slices.Contains(c.Messages, cause) }) {
			t.Errorf("no page has the message %q", cause)
		}
	}
	if n != 37 {
		t.Errorf("read %d causes", n)
	}
}

// TestProfiles: the list of profiles is the analyser's own.
func TestProfiles(t *testing.T) {
	for _, id := range profileIDs {
		if _, ok := profile.ByID(id); !ok {
			t.Errorf("wasm/profile has no profile %s", id)
		}
	}
	for _, p := range profile.All() {
		if !slices.Contains(profileIDs, p.ID) {
			t.Errorf("names.go lacks the profile %s", p.ID)
		}
	}
}

// TestRulesAndCodes: a rule that names a code is named by the page of that code,
// and a page that names a rule is named by that rule.
func TestRulesAndCodes(t *testing.T) {
	l := must(t)
	type pair struct {
		rule string
		page *Code
	}
	named := map[pair]bool{}
	for _, r := range rules.All() {
		for _, c := range r.Codes {
			page, ok := l.named(c.Platform, c.Code)
			switch {
			case ok:
				named[pair{r.ID, page}] = true
				if !slices.Contains(page.Rules, r.ID) {
					t.Errorf("%s: rules lack %s, which names %s", page.File, r.ID, c.Code)
				}
			default:
				t.Errorf("rule %s names %s/%s, which has no page", r.ID, c.Platform, c.Code)
			}
		}
	}
	for _, c := range l.Codes {
		for _, r := range c.Rules {
			if !named[pair{r, c}] {
				t.Errorf("%s names the rule %s, whose Codes do not name the page", c.File, r)
			}
		}
	}
}
