package kb

import (
	"math"
	"strconv"
	"sync"

	"github.com/blevesearch/bleve/v2"
)

// posting is a page that has a word, and what the word is worth there.
type posting struct {
	doc   int
	score float64
}

// postings are the pages that have a word, by field; the groups come last.
type postings [len(fields) + 1][]posting

// scores remembers what bleve answered for single words. A query is a sum over
// its words, and there are only as many words as the pages have: asking once for
// each leaves little to do for a query that nobody has asked before.
type scores struct {
	index bleve.Index
	docs  int
	known map[string]bool // stems and groups that some page has

	mu   sync.RWMutex
	kept map[string]*postings
}

var nowhere postings

func (s *scores) of(stem string) *postings {
	if !s.known[stem] {
		return &nowhere // nothing to remember, so that no query can fill the memory
	}
	s.mu.RLock()
	p := s.kept[stem]
	s.mu.RUnlock()
	if p != nil {
		return p
	}
	p = new(postings)
	for i := range p {
		field := groupField
		if i < len(fields) {
			field = fields[i].name
		}
		p[i] = s.ask(stem, field)
	}
	s.mu.Lock()
	s.kept[stem] = p
	s.mu.Unlock()
	return p
}

// ask gives what one word adds to a page in a query of several, as bleve adds
// it up: its weight in the query, which is how rare it is, times what the page
// scores for it alone.
func (s *scores) ask(stem, field string) []posting {
	q := bleve.NewTermQuery(stem)
	q.SetField(field)
	res, err := s.index.Search(bleve.NewSearchRequestOptions(q, s.docs, 0, false))
	if err != nil || len(res.Hits) == 0 {
		return nil
	}
	n := float64(len(res.Hits))
	rare := math.Log(1 + (float64(s.docs)-n+0.5)/(n+0.5))
	list := make([]posting, 0, len(res.Hits))
	for _, h := range res.Hits {
		if id, err := strconv.Atoi(h.ID); err == nil && id < s.docs {
			list = append(list, posting{id, h.Score * rare})
		}
	}
	return list
}
