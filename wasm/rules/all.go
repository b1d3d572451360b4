package rules

import "sync"

// RuleSet is the version of the set of rules. It rises with every rule that is
// added or whose judgement changes, so that two reports can be compared.
const RuleSet = 4

// families lists the rules family by family, in the order of RULES.md.
var families = [...]struct {
	name  Family
	rules []Rule
}{
	{Container, container},
	{Metadata, metadata},
	{Codecs, codecs},
	{Limits, limits},
	{Time, timing},
	{KeyFrames, keyframes},
	{IngestURLs, urls},
	{Reachability, probes},
	{LogsAndEvents, logs},
	{LogSettings, logSettings},
	{LiveArrival, arrivals},
}

// The list is made on first use: an init would tie the texts to every program
// that needs the metas alone.
var (
	once    sync.Once
	ordered []*Rule
)

// All are the rules in the order of RULES.md. The slice is shared: read only.
func All() []*Rule {
	once.Do(func() {
		for i := range families {
			f := &families[i]
			for j := range f.rules {
				f.rules[j].Family = f.name
				ordered = append(ordered, &f.rules[j])
			}
		}
	})
	return ordered
}

// ByID finds a rule; ok is false when there is none of that id.
func ByID(id string) (r *Rule, ok bool) {
	for _, r := range All() {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

// Families are the families in the order of the pages.
func Families() []Family {
	list := make([]Family, len(families))
	for i := range families {
		list[i] = families[i].name
	}
	return list
}
