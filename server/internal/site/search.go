package site

import (
	"cmp"
	"slices"
	"strings"

	"ingestdoctor/wasm/rules"
)

// findRules finds the rules that hold every word of the query, best first: the
// id itself, then ids and codes that start with it, titles, and text. The rules
// are a few dozen, so they are looked through each time.
func findRules(query string) []*rules.Rule {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	type hit struct {
		rule  *rules.Rule
		score int
	}
	var hits []hit
	for _, r := range rules.All() {
		score := 0
		for _, w := range words {
			s := matchRule(r, w)
			if s == 0 {
				score = 0
				break
			}
			score += s
		}
		if score > 0 {
			hits = append(hits, hit{r, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	found := make([]*rules.Rule, len(hits))
	for i, h := range hits {
		found[i] = h.rule
	}
	return found
}

// matchRule scores one word, which is in lower case, against one rule; 0 is no match.
func matchRule(r *rules.Rule, word string) int {
	score := 0
	better := func(n int) { score = max(score, n) }
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), word) }
	switch {
	case r.ID == word:
		better(100)
	case strings.HasPrefix(r.ID, word):
		better(50)
	case strings.Contains(r.ID, word):
		better(30)
	}
	for _, c := range r.Codes {
		code := strings.ToLower(c.Code)
		switch {
		case code == word:
			better(80)
		case code != "" && strings.HasPrefix(code, word):
			better(40)
		case has(c.Code), has(c.Title), has(c.Platform):
			better(15)
		}
	}
	switch {
	case has(r.Title):
		better(25)
	case has(string(r.Family)), has(r.Severity.String()):
		better(10)
	case has(r.Why), has(r.Fix), has(r.Message), has(r.Headline), has(r.Example):
		better(5)
	}
	return score
}
