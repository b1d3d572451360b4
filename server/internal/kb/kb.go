// Package kb searches the knowledge base: codes, guides, encoders, platforms
// and rules, by whatever a person has in hand. What can be told exactly (a
// code, its numbers, a literal message, also inside a pasted log line) comes
// from small indexes of its own and stands first; words are looked up with
// bleve, in memory.
package kb

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/registry"

	"ingestdoctor/content"
	"ingestdoctor/wasm/rules"
)

// MaxQuery is how much of a query is looked at, in characters: enough for a
// log line.
const MaxQuery = 500

// Index is the search over one library. It is read only and safe for many
// searches at once.
type Index struct {
	lib    *content.Library
	docs   []*doc
	bleve  bleve.Index
	scores *scores
	memory *memory

	raw      map[string][]*doc   // codes as they are written, in lower case
	names    map[string][]*doc   // folded codes, slugs, aliases
	phrases  map[string][]*doc   // titles, aliases and symptoms, plain
	starts   map[string][]string // the longer of them by their first word
	codes    []codeName
	bySet    map[string][]*doc // number sets: "18 501"
	byNumber map[int64][]numberName
	vocab    map[string]bool // words as they are written
	pages    map[string]int  // on how many pages a stem stands
	byLen    [32][]spelling  // the vocabulary by length
	platform map[string][]string
}

// doc is one page that can be found.
type doc struct {
	id       int
	code     *content.Code
	article  *content.Article
	rule     *rules.Rule
	platform string
	messages []message
	terms    map[string]bool // stems
}

type codeName struct {
	folded string
	doc    *doc
	code   string
}

type numberName struct {
	name string
	doc  *doc
}

// The fields of bleve's index, by how much a word in them tells.
var fields = [...]struct {
	name  string
	boost float64
}{{"strong", 3}, {"message", 1.6}, {"weak", 0.7}}

// groupField holds the groups of like words of a page.
const groupField = "group"

const analyzerName = "kb"

func init() {
	if err := registry.RegisterTokenizer(analyzerName, func(map[string]any, *registry.Cache) (analysis.Tokenizer, error) {
		return tokenizer{}, nil
	}); err != nil {
		panic(err) // two of one name
	}
}

// tokenizer hands bleve our own words: what is indexed are stems with spaces between.
type tokenizer struct{}

func (tokenizer) Tokenize(text []byte) analysis.TokenStream {
	stems := bytes.Fields(text)
	out := make(analysis.TokenStream, len(stems))
	for i, s := range stems {
		out[i] = &analysis.Token{Term: s, Position: i + 1, Start: i, End: i + 1}
	}
	return out
}

// New makes the index of a library and of the rules.
func New(lib *content.Library) (*Index, error) {
	ix := &Index{
		lib: lib, memory: newMemory(), raw: map[string][]*doc{}, names: map[string][]*doc{}, phrases: map[string][]*doc{}, starts: map[string][]string{},
		bySet: map[string][]*doc{}, byNumber: map[int64][]numberName{}, vocab: map[string]bool{}, pages: map[string]int{}, platform: map[string][]string{},
	}
	im := bleve.NewIndexMapping()
	if err := im.AddCustomAnalyzer(analyzerName, map[string]any{"type": custom.Name, "tokenizer": analyzerName}); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	im.DefaultAnalyzer = analyzerName
	im.ScoringModel = "bm25"
	im.DefaultMapping = mapping.NewDocumentStaticMapping()
	m := bleve.NewTextFieldMapping()
	m.Analyzer, m.Store, m.DocValues, m.IncludeInAll, m.IncludeTermVectors = analyzerName, false, false, false, false
	for _, f := range fields {
		im.DefaultMapping.AddFieldMappingsAt(f.name, m)
	}
	im.DefaultMapping.AddFieldMappingsAt(groupField, m)
	index, err := bleve.NewUsing("", im, scorch.Name, scorch.Name, nil)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	ix.bleve = index
	batch := index.NewBatch()
	for _, add := range ix.entries() {
		if err := batch.Index(strconv.Itoa(add.doc.id), add.fields); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	if err := index.Batch(batch); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	ix.scores = &scores{index: index, docs: len(ix.docs), known: map[string]bool{}, kept: map[string]*postings{}}
	for _, d := range ix.docs {
		for s := range d.terms {
			ix.scores.known[s] = true
		}
	}
	for w := range ix.vocab {
		if len(w) < len(ix.byLen) {
			ix.byLen[len(w)] = append(ix.byLen[len(w)], spelling{w, lettersOf(w)})
		}
	}
	for i := range ix.byLen {
		slices.SortFunc(ix.byLen[i], func(a, b spelling) int { return cmp.Compare(a.text, b.text) })
	}
	return ix, nil
}

// Close lets go of what bleve holds.
func (ix *Index) Close() error { return ix.bleve.Close() }

type entry struct {
	doc    *doc
	fields map[string]any
}

// entries makes a document of every page, and fills the small indexes.
func (ix *Index) entries() []entry {
	var list []entry
	stems := map[string]string{}
	add := func(d *doc, strong, messages, weak []string) {
		d.id = len(ix.docs)
		d.terms = map[string]bool{}
		ix.docs = append(ix.docs, d)
		f := map[string]any{}
		var group strings.Builder
		for i, texts := range [][]string{strong, messages, weak} {
			var b strings.Builder
			for _, w := range words(strings.Join(texts, "\n")) {
				s, ok := stems[w]
				if !ok {
					s = stem(w)
					stems[w] = s
					ix.vocab[w] = true
				}
				if !d.terms[s] {
					d.terms[s] = true
					ix.pages[s]++
				}
				b.WriteString(s)
				b.WriteByte(' ')
				if i == len(fields)-1 {
					continue // a word alike in passing says little
				}
				for _, g := range groups[s] {
					if !d.terms[g] {
						d.terms[g] = true
						group.WriteString(g + " ")
					}
				}
			}
			f[fields[i].name] = b.String()
		}
		f[groupField] = group.String()
		list = append(list, entry{d, f})
	}
	for _, c := range ix.lib.Codes {
		d := &doc{code: c, platform: c.Platform}
		for _, m := range c.Messages {
			d.messages = append(d.messages, newMessage(m))
		}
		strong := slices.Concat([]string{c.Title, c.Title}, c.Codes, c.Aliases, c.Symptoms, []string{c.PlatformName()})
		weak := []string{strings.Join(c.Events, "\n")}
		for _, s := range c.Sections {
			weak = append(weak, s.Text)
		}
		add(d, strong, append(slices.Clone(c.Messages), c.Summary()), weak)
		ix.nameCode(d)
	}
	for _, kind := range []content.Kind{content.Guides, content.Encoders, content.PlatformPages} {
		for _, a := range ix.lib.Articles(kind) {
			d := &doc{article: a, platform: a.Platform}
			var weak, heads []string
			for _, s := range a.Sections {
				heads = append(heads, s.Title)
				weak = append(weak, s.Text)
			}
			if kind == content.Encoders {
				heads = nil // the same ten on every page
			}
			add(d, slices.Concat([]string{a.Title, a.Title}, a.Aliases, a.Symptoms), append(heads, a.Summary), weak)
			ix.phrase(d, append([]string{a.Title}, slices.Concat(a.Aliases, a.Symptoms)...))
		}
	}
	for _, r := range rules.All() {
		d := &doc{rule: r}
		var codes []string
		for _, c := range r.Codes {
			codes = append(codes, c.Code, c.Title)
		}
		add(d, []string{r.Title, r.Title, r.ID, r.ID}, append(codes, string(r.Family), r.Headline), []string{r.Why, r.Fix, r.Example})
		ix.phrase(d, []string{r.Title, r.ID})
		ix.codes = append(ix.codes, codeName{content.Fold(r.ID), d, r.ID})
		ix.names[content.Fold(r.ID)] = append(ix.names[content.Fold(r.ID)], d)
	}
	for _, id := range ix.lib.Platforms() {
		for _, w := range words(id + " " + content.PlatformName(id) + " " + nicknames[id]) {
			if s := stem(w); !common[w] && !slices.Contains(ix.platform[s], id) {
				ix.platform[s] = append(ix.platform[s], id)
			}
		}
	}
	return list
}

// common are words of platforms' names that say nothing of which one is meant.
var common = wordSet("live media stream streaming service services cloud status codes code server push gateway studio protocol elemental css")

// nicknames are how people call a platform beside its name.
var nicknames = map[string]string{
	"azure-media-services": "ams microsoft", "tencent-css": "qcloud txsecret txtime", "youtube-live": "yt google", "facebook-live": "fb meta",
	"alibaba-apsaravideo-live": "aliyun", "librtmp-obs": "rtmp_connect1",
}

func (ix *Index) nameCode(d *doc) {
	c := d.code
	enter := func(to map[string][]*doc, key string) {
		if key != "" && !slices.Contains(to[key], d) {
			to[key] = append(to[key], d)
		}
	}
	for _, code := range append([]string{c.Slug}, c.Codes...) {
		enter(ix.raw, strings.ToLower(code))
		enter(ix.names, content.Fold(code))
		if f := content.Fold(code); f != "" {
			ix.codes = append(ix.codes, codeName{f, d, code})
		}
	}
	for _, a := range c.Aliases {
		enter(ix.names, content.Fold(a))
	}
	ix.phrase(d, append([]string{c.Title}, slices.Concat(c.Aliases, c.Symptoms)...))
	for _, set := range c.Numbers {
		key := ""
		for _, f := range set {
			key += strconv.FormatInt(f.Value, 10) + " "
			ix.byNumber[f.Value] = append(ix.byNumber[f.Value], numberName{strings.ToLower(f.Name), d})
		}
		enter(ix.bySet, key)
	}
}

func (ix *Index) phrase(d *doc, texts []string) {
	for _, text := range texts {
		p := plain(text)
		if p == " " || slices.Contains(ix.phrases[p], d) {
			continue
		}
		if word, rest, _ := strings.Cut(p[1:], " "); len(ix.phrases[p]) == 0 && rest != "" && len(p) >= 14 {
			ix.starts[word] = append(ix.starts[word], p)
		}
		ix.phrases[p] = append(ix.phrases[p], d)
	}
}

// Hit is one page found.
type Hit struct {
	Code    *content.Code    // one of the three is set
	Article *content.Article // guide, encoder or platform
	Rule    *rules.Rule

	Matched string  // of a code page: the one of its codes that the query names, else its first
	Message string  // of a code page: the message that the query holds, else its first
	Score   float64 // comparable within one answer
}

// Title is the page's title.
func (h *Hit) Title() string {
	switch {
	case h.Code != nil:
		return h.Code.Title
	case h.Article != nil:
		return h.Article.Title
	}
	return h.Rule.Title
}

// URL is the page's address.
func (h *Hit) URL() string {
	switch {
	case h.Code != nil:
		return h.Code.URL()
	case h.Article != nil:
		return h.Article.URL()
	}
	return "/rules/" + h.Rule.ID
}

// sortHits puts the best first; what is alike stays in the order of the pages.
func sortHits(found map[*doc]*Hit) []Hit {
	docs := make([]*doc, 0, len(found))
	for d := range found {
		docs = append(docs, d)
	}
	slices.SortFunc(docs, func(a, b *doc) int {
		return cmp.Or(cmp.Compare(found[b].Score, found[a].Score), cmp.Compare(a.id, b.id))
	})
	hits := make([]Hit, len(docs))
	for i, d := range docs {
		hits[i] = *found[d]
	}
	return hits
}
