package kb

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"ingestdoctor/content"
)

// What an exact match is worth. Words come to 100 at most, so that everything
// here stands before what is merely alike.
const (
	scoreCode      = 1000 // the query is the code
	scoreMessage   = 970  // the query is a message
	scoreFolded    = 950  // the query is the code but for case, _ and -, or an alias
	scoreNumbers   = 900  // its numbers, together: errcode 18 sub 501
	scoreCodeIn    = 800  // a code stands in the query
	scoreMessageIn = 600  // a whole message stands in the query (longer ones more)
	scorePhrase    = 550  // title or symptom, word for word
	scoreTypo      = 500  // the query is a code but for one or two letters
	scorePhraseIn  = 410  // title, alias or symptom stands in the query (longer ones more)
	scorePrefix    = 400  // the query begins a code
	scorePart      = 300  // the query is part of a code, or of a message
	scoreNumber    = 250  // one of its numbers
	namedPlatform  = 60   // the query names the page's platform
	likePhrase     = 60   // a phrase is most of the query; words come on top
	likeMeaning    = 1.2  // a word of like meaning, beside the boosts of the fields
)

// Codes finds code pages, best first, at most limit; of one platform where that
// is not empty.
func (ix *Index) Codes(text, platform string, limit int) []Hit {
	text = clean(text)
	return first(ix.memory.hits("codes", platform, text, func() []Hit {
		return ix.search(text, func(d *doc) bool { return d.code != nil && (platform == "" || d.platform == platform) })
	}), limit)
}

// Pages is Codes without what was matched.
func (ix *Index) Pages(text, platform string, limit int) []*content.Code {
	hits := ix.Codes(text, platform, limit)
	out := make([]*content.Code, len(hits))
	for i := range hits {
		out[i] = hits[i].Code
	}
	return out
}

// Results are what one query finds, best first in each part.
type Results struct {
	Codes    []Hit
	Articles []Hit
	Rules    []Hit
}

// All finds pages of every kind, at most limit codes and a few of the others.
func (ix *Index) All(text, platform string, limit int) Results {
	var r Results
	text = clean(text)
	for _, h := range ix.memory.hits("all", platform, text, func() []Hit {
		return ix.search(text, func(d *doc) bool { return platform == "" || d.platform == platform || d.platform == "" })
	}) {
		switch {
		case h.Code != nil && len(r.Codes) < limit:
			r.Codes = append(r.Codes, h)
		case h.Article != nil && len(r.Articles) < 5:
			r.Articles = append(r.Articles, h)
		case h.Rule != nil && len(r.Rules) < 8:
			r.Rules = append(r.Rules, h)
		}
	}
	return r
}

// Exact is the one page that a text names to the letter, or but for case, _ and
// -: by its code, one of its messages or an alias. It is nil where none or
// several do.
func (ix *Index) Exact(text string) *Hit {
	text = clean(text)
	lower, p := strings.ToLower(text), plain(text)
	docs := ix.raw[lower]
	if f := content.Fold(text); len(docs) == 0 && f != "" {
		docs = ix.names[f]
	}
	if len(docs) == 0 && p != " " {
		for _, d := range ix.docs {
			if slices.ContainsFunc(d.messages, func(m message) bool { return m.raw == lower || m.plain == p }) {
				docs = append(docs, d)
			}
		}
	}
	if len(docs) != 1 {
		return nil
	}
	return &Hit{Code: docs[0].code, Article: docs[0].article, Rule: docs[0].rule}
}

func first[T any](list []T, n int) []T {
	if n >= 0 && len(list) > n {
		return list[:n]
	}
	return list
}

// clean is the part of a query that is looked at.
func clean(text string) string {
	n := 0
	for i := range text {
		if n == MaxQuery {
			text = text[:i]
			break
		}
		n++
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, " "))
}

func (ix *Index) search(text string, want func(*doc) bool) []Hit {
	if text == "" {
		return nil
	}
	found := map[*doc]*Hit{}
	hit := func(d *doc, score float64) *Hit {
		if !want(d) {
			return nil
		}
		h := found[d]
		if h == nil {
			h = &Hit{Code: d.code, Article: d.article, Rule: d.rule}
			if d.code != nil {
				h.Matched = d.code.Code
				if len(d.messages) > 0 {
					h.Message = d.messages[0].text
				}
			}
			found[d] = h
		}
		h.Score = max(h.Score, score)
		return h
	}
	ix.exact(text, hit)
	ix.byMessage(text, hit)
	ix.byNumbers(text, hit)
	told := false
	for _, h := range found {
		told = told || h.Score >= scoreMessageIn
	}
	terms := ix.terms(text, !told)
	named := map[string]bool{}
	for _, t := range terms {
		for _, id := range ix.platform[t.stem] {
			named[id] = true
		}
	}
	for d, score := range ix.byWords(terms, named, want) {
		if h := found[d]; h == nil || h.Score < scoreMessageIn {
			before := 0.0
			if h != nil {
				before = h.Score
			}
			if h = hit(d, 0); h != nil {
				h.Score = before + score
			}
		}
	}
	for d, h := range found {
		if named[d.platform] {
			h.Score += namedPlatform
		}
	}
	return sortHits(found)
}

type hitter func(*doc, float64) *Hit

// exact finds the query, or a part of it, among the codes.
func (ix *Index) exact(text string, hit hitter) {
	lower := strings.ToLower(text)
	whole := func(key string, rawScore, foldScore float64) {
		for _, d := range ix.raw[key] {
			matched(hit(d, rawScore), key)
		}
		if f := content.Fold(key); f != "" {
			for _, d := range ix.names[f] {
				matched(hit(d, foldScore), key)
			}
		}
	}
	whole(lower, scoreCode, scoreFolded)
	defer func() {
		// one code on several platforms: that of the protocol is everybody's
		for _, d := range ix.raw[lower] {
			if d.platform == "rtmp-protocol" {
				hit(d, scoreCode+5)
			}
		}
	}()
	p := plain(text)
	for _, d := range ix.phrases[p] {
		hit(d, scorePhrase)
	}
	pasted := strings.Count(p, " ") > 10
	for i := 0; i < len(p)-1; i++ { // one stands in the query
		if p[i] != ' ' {
			continue
		}
		word, _, _ := strings.Cut(p[i+1:], " ")
		for _, phrase := range ix.starts[word] {
			if strings.HasPrefix(p[i:], phrase) {
				// in a line of a log it is what the line says; in a question, a part of it
				score := likePhrase * float64(len(phrase)) / float64(len(p))
				if pasted {
					score = scorePhraseIn + 100*float64(min(len(phrase), 60))/60
				}
				for _, d := range ix.phrases[phrase] {
					hit(d, score)
				}
			}
		}
	}
	parts := strings.FieldsFunc(lower, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`,;=()[]{}<>|", r)
	})
	if len(parts) > 1 || len(parts) == 1 && parts[0] != lower {
		for i, p := range parts {
			p = strings.TrimRight(p, ".:!?")
			if likeCode(p, text) {
				whole(p, scoreCodeIn, scoreCodeIn-20)
				for _, d := range ix.raw[p] {
					if d.platform == "rtmp-protocol" {
						hit(d, scoreCodeIn+5)
					}
				}
			}
			// a number after its name: error 10053, type 8
			if i > 0 && isNumber(p) && len(parts) <= 4 {
				for _, d := range ix.raw[p] {
					matched(hit(d, scoreNumber+20), p)
				}
			}
		}
	}
	f := content.Fold(text)
	if len(parts) > 3 || len(f) < 3 {
		return
	}
	if len(parts) == 1 && len(f) >= 6 && len(ix.names[f]) == 0 {
		for i := range ix.codes { // a slip of the finger in a code
			c := &ix.codes[i]
			for most := 1; most <= 2 && most <= len(f)/6; most++ {
				if len(c.folded) >= 6 && near(f, c.folded, most) {
					matched(hit(c.doc, scoreTypo-20*float64(most)), c.code)
					break
				}
			}
		}
	}
	for i := range ix.codes {
		c := &ix.codes[i]
		switch {
		case strings.HasPrefix(c.folded, f):
			matched(hit(c.doc, scorePrefix+50*float64(len(f))/float64(len(c.folded))), c.code)
		case len(f) >= 4 && strings.Contains(c.folded, f):
			matched(hit(c.doc, scorePart+50*float64(len(f))/float64(len(c.folded))), c.code)
		}
	}
}

// matched notes which of a page's codes the query meant.
func matched(h *Hit, code string) {
	if h == nil || h.Code == nil {
		return
	}
	for _, c := range h.Code.Codes {
		if strings.EqualFold(c, code) || content.Fold(c) == content.Fold(code) {
			h.Matched = c
			return
		}
	}
}

// likeCode tells a code in a line from a word: it is in capitals, has a mark
// inside that words have not, or letters of both cases mixed.
func likeCode(part, text string) bool {
	if len(part) < 3 || isNumber(part) {
		return false
	}
	if i := strings.IndexAny(part, "_./"); i > 0 && i < len(part)-1 {
		return true
	}
	i := strings.Index(strings.ToLower(text), part)
	if i < 0 || i+len(part) > len(text) {
		return false
	}
	written := text[i : i+len(part)]
	return len(part) >= 4 && strings.ToUpper(written) == written && strings.ToLower(written) != written ||
		strings.IndexFunc(written[1:], unicode.IsUpper) >= 0 && strings.IndexFunc(written, unicode.IsLower) >= 0
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 0, 64)
	return err == nil
}

// byMessage finds literal messages: as the query, in it, or the query in them.
func (ix *Index) byMessage(text string, hit hitter) {
	raw, p := strings.ToLower(text), plain(text)
	several := len(p) >= 10 && strings.Count(p, " ") > 2
	for _, d := range ix.docs {
		for i := range d.messages {
			m := &d.messages[i]
			score := 0.0
			switch {
			case m.raw == raw:
				score = scoreMessage
			case p != " " && m.plain == p:
				score = scoreMessage - 5
			case m.size >= 8 && m.size <= len(p) && m.inside(p):
				score = scoreMessageIn + 150*float64(min(m.size, 120))/120
				if len(m.parts) > 1 || strings.Count(m.plain, " ") > 3 {
					score += 40
				}
				if len(p) < m.size+24 { // nearly all of it
					score += 100
				}
			case several && len(p) <= len(m.plain) && strings.Contains(m.plain, p):
				score = scorePart + 200*float64(len(p))/float64(len(m.plain))
			}
			if score == 0 {
				continue
			}
			if h := hit(d, 0); h != nil && score > h.Score {
				h.Score, h.Message = score, m.text
			}
		}
	}
}

// byNumbers finds pages by the numbers that a log or a callback shows.
func (ix *Index) byNumbers(text string, hit hitter) {
	type number struct {
		value int64
		name  string // the word before it
	}
	var list []number
	last := ""
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	}) {
		if n, err := strconv.ParseInt(strings.TrimSuffix(w, "-"), 0, 64); err == nil {
			list = append(list, number{n, last})
		} else if a, b, ok := strings.Cut(w, "-"); ok { // 18-501
			x, errX := strconv.ParseInt(a, 10, 64)
			y, errY := strconv.ParseInt(b, 10, 64)
			if errX == nil && errY == nil {
				list = append(list, number{x, last}, number{y, ""})
			}
		} else {
			last = w
		}
		if len(list) > 40 {
			break
		}
	}
	few := len(list) <= 4
	for i, n := range list {
		if i+1 < len(list) && (few || strings.Contains(n.name, "err") || strings.Contains(n.name, "type")) {
			key := strconv.FormatInt(n.value, 10) + " " + strconv.FormatInt(list[i+1].value, 10) + " "
			score := float64(scoreNumbers)
			if !few {
				score = scoreCodeIn
			}
			for _, d := range ix.bySet[key] {
				matched(hit(d, score), strings.TrimSpace(strings.Replace(key, " ", "/", 1)))
			}
		}
		if !few {
			continue
		}
		for _, nn := range ix.byNumber[n.value] {
			score := float64(scoreNumber)
			switch {
			case n.name != "" && (strings.Contains(nn.name, n.name) || strings.Contains(n.name, nn.name)):
				score += 60
			case strings.Count(strings.TrimSpace(text), " ") > 1:
				continue // 30 in a sentence is no code
			}
			hit(nn.doc, score)
		}
	}
}

// term is one word of a query, with what it may have been meant as.
type term struct {
	stem   string
	others map[string]float64 // stems of words alike, and what they are worth
	groups []string           // of words of like meaning
	known  bool
	weight float64
}

// terms are the words of a query, each once. Of a long paste those that are on
// the fewest pages count; what is on none in it is a name or a number. widely
// looks for words of like meaning too.
func (ix *Index) terms(text string, widely bool) []term {
	const long, most = 9, 10
	list := words(text)
	seen := map[string]bool{}
	list = slices.DeleteFunc(list, func(w string) bool {
		s := stem(w)
		was := seen[s]
		seen[s] = true
		return was
	})
	pasted := len(list) > long
	if pasted {
		list = slices.DeleteFunc(list, func(w string) bool { return !ix.vocab[w] })
		slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(ix.pages[stem(a)], ix.pages[stem(b)]) })
		list = list[:min(len(list), most)]
	}
	out := make([]term, 0, len(list))
	for _, w := range list {
		if !ix.vocab[w] && len(list) > 1 && isNumber(w) {
			continue // a number that is on no page says nothing
		}
		t := term{stem: stem(w), others: map[string]float64{}, known: ix.vocab[w], weight: 1}
		if !t.known {
			for _, alike := range ix.alike(w) {
				t.others[stem(alike)] = 0.7
			}
		}
		if widely && !pasted {
			t.groups = groups[t.stem]
		}
		switch {
		case weak[t.stem]:
			t.weight = 0.35
		case t.stem == "not" || t.stem == "no" || t.stem == "without":
			t.weight = 0.6
		}
		if len(ix.platform[t.stem]) > 0 {
			t.weight = 0.25 // the platform counts by itself
		}
		out = append(out, t)
	}
	return out
}

// alike are the known words that a word with a slip of the finger may be, or
// that it begins.
func (ix *Index) alike(w string) []string {
	if len(w) < 4 || len(w) >= len(ix.byLen) || strings.IndexFunc(w, unicode.IsDigit) >= 0 {
		return nil
	}
	for most := 1; most <= 2; most++ {
		if most == 2 && len(w) < 7 {
			break
		}
		var out []string
		has := lettersOf(w)
		for n := max(3, len(w)-most); n <= min(len(ix.byLen)-1, len(w)+most); n++ {
			for _, v := range ix.byLen[n] {
				if bits.OnesCount32(has^v.letters) <= 2*most && near(w, v.text, most) {
					out = append(out, v.text)
				}
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	var out []string
	for n := len(w) + 1; n < len(ix.byLen) && len(out) < 12; n++ {
		for _, v := range ix.byLen[n] {
			if strings.HasPrefix(v.text, w) && len(out) < 12 {
				out = append(out, v.text)
			}
		}
	}
	return out
}

// byWords adds up what bleve says of each word. The scores are set between 0 and
// 100, by how much of the query a page answers: pages that answer little of it
// are left out.
func (ix *Index) byWords(terms []term, named map[string]bool, want func(*doc) bool) map[*doc]float64 {
	if len(terms) == 0 {
		return nil
	}
	// sums of all words, and of the word at hand, by page
	sum, one := make([]float64, len(ix.docs)), make([]float64, len(ix.docs))
	hit := make([]uint8, len(ix.docs)) // words of the query that a page has
	total := 0.0
	for i := range terms {
		t := &terms[i]
		total += t.weight
		clear(one)
		add := func(list []posting, boost float64) {
			for _, p := range list {
				one[p.doc] += p.score * boost
			}
		}
		ask := func(stem string, boost float64, in int) {
			of := ix.scores.of(stem)
			for f := range fields[:in] {
				add(of[f], fields[f].boost*boost)
			}
		}
		if t.known || len(t.others) == 0 {
			ask(t.stem, 1, len(fields))
		}
		for s, boost := range t.others {
			ask(s, boost, 2)
		}
		for _, g := range t.groups {
			add(ix.scores.of(g)[len(fields)], likeMeaning)
		}
		for d, v := range one {
			if v > 0 {
				sum[d] += v * t.weight
				hit[d]++
			}
		}
	}
	type scored struct {
		d     *doc
		score float64
	}
	highest := 0.0
	for i, n := range hit {
		sum[i] *= float64(n) / float64(len(terms))
		highest = max(highest, sum[i])
	}
	list := make([]scored, 0, 2*mostHits)
	for i, v := range sum {
		if v > highest/20 && want(ix.docs[i]) { // the others stand far below what is shown
			list = append(list, scored{ix.docs[i], v})
		}
	}
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.d.id, b.d.id)) })
	list = first(list, mostHits)
	best := 0.0
	kept := list[:0]
	for _, s := range list {
		share := 0.0
		for i := range terms {
			share += terms[i].weight * terms[i].held(s.d)
		}
		share /= total
		if share < 0.34 && len(terms) <= 8 {
			continue
		}
		s.score *= 0.3 + 0.7*share
		if len(named) > 0 && named[s.d.platform] {
			s.score *= 1.6
		}
		best = max(best, s.score)
		kept = append(kept, s)
	}
	out := make(map[*doc]float64, len(kept))
	for _, s := range kept {
		out[s.d] = 100 * s.score / best
	}
	return out
}

// held says how much of a term a page answers: 1 as it is, less by a word alike.
func (t *term) held(d *doc) float64 {
	if d.terms[t.stem] {
		return 1
	}
	best := 0.0
	for s, v := range t.others {
		if d.terms[s] {
			best = max(best, v)
		}
	}
	for _, g := range t.groups {
		if d.terms[g] {
			best = max(best, 0.4)
		}
	}
	return best
}
