package site

import (
	"encoding/json"
	"math"
	"strconv"

	"ingestdoctor/content"
	"ingestdoctor/server/internal/kb"
)

// searchWriter writes what SearchResults gives as indented JSON. What does not
// depend on the query is encoded once: encoding takes longer than the search.
type searchWriter struct {
	pages map[*content.Code]encodedPage
	texts map[string]string // codes and messages as JSON
}

type encodedPage struct{ platform, codes, title, snippet, url string }

func newSearchWriter(lib *content.Library) *searchWriter {
	w := &searchWriter{pages: map[*content.Code]encodedPage{}, texts: map[string]string{"": `""`}}
	for _, c := range lib.Codes {
		codes, _ := json.MarshalIndent(emptyNotNil(c.Codes), "      ", "  ") // strings are always valid
		w.pages[c] = encodedPage{quoted(c.Platform), string(codes), quoted(c.Title), quoted(snippet(c)), quoted(c.URL())}
		w.texts[c.Code] = quoted(c.Code)
		for _, text := range c.Codes {
			w.texts[text] = quoted(text)
		}
		for _, text := range c.Messages {
			w.texts[text] = quoted(text)
		}
	}
	return w
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func (w *searchWriter) append(b []byte, hits []kb.Hit) []byte {
	b = append(b, "{\n  \"results\": ["...)
	for i := range hits {
		h := &hits[i]
		p := w.pages[h.Code]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n    {"...)
		b = field(b, "platform", p.platform, ",")
		b = field(b, "code", w.texts[h.Matched], ",")
		b = field(b, "codes", p.codes, ",")
		b = field(b, "title", p.title, ",")
		b = field(b, "message", w.texts[h.Message], ",")
		b = field(b, "snippet", p.snippet, ",")
		b = field(b, "url", p.url, ",")
		b = field(b, "score", strconv.FormatFloat(roundScore(h.Score), 'f', -1, 64), "")
		b = append(b, "\n    }"...)
	}
	if len(hits) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, "]\n}\n"...)
}

func field(b []byte, name, value, after string) []byte {
	b = append(b, "\n      \""...)
	b = append(b, name...)
	b = append(b, "\": "...)
	b = append(b, value...)
	return append(b, after...)
}

// snippet is what a code page means, in short.
func snippet(c *content.Code) string { return shorten(c.Summary(), 240) }

func roundScore(score float64) float64 { return math.Floor(score*100) / 100 }
