package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
)

// maxFolds bounds the distinct findings of one rule, so that hostile input
// cannot grow memory. What comes beyond counts with the last of its severity.
const maxFolds = 16

// Pass is one analysis: the profile that is held against, what is known of the
// tracks, and the findings so far.
type Pass struct {
	Profile *profile.Profile
	Stream  *Stream

	rules []*rule
	live  watcher // nil for a recording
}

// NewPass starts an analysis against p; nil means the generic profile.
func NewPass(p *profile.Profile) *Pass {
	if p == nil {
		p = profile.Default()
	}
	pass := &Pass{Profile: p}
	pass.Stream = newStream(pass)
	return pass
}

// rule is what one pass knows of one rule.
type rule struct {
	id    string
	sev   diag.Severity // where no limit grades it
	basis diag.Basis
	folds []*fold
	why   string // why the rule could not be judged; empty when it could
	open  bool   // the input was cut before the rule could say
}

// rule makes the pass ready to judge the rule of that id. A check asks for the
// rules that it declares, once each, when it is made.
func (p *Pass) rule(id string) *rule {
	for _, r := range p.rules {
		if r.id == id {
			return r
		}
	}
	r := &rule{id: id}
	r.sev, r.basis = p.Profile.Severity(id)
	p.rules = append(p.rules, r)
	return r
}

// off reports whether the profile switches the rule off.
func (r *rule) off() bool { return r.sev == diag.Off }

// na notes why the input has nothing that the rule could judge.
//
//go:noinline
func (r *rule) na(why string) {
	if r.why == "" {
		r.why = why
	}
}

// fold is one finding under construction: the repeats of one cause on one track.
type fold struct {
	sev   diag.Severity
	basis diag.Basis
	cause uint8
	track *Track

	first, last diag.Media
	count       int64
	worst       float64
	args        diag.Args
}

// hit notes one occurrence under the rule's own severity; nil when the profile
// switches the rule off. Occurrences of the same cause and track fold into one
// finding; tr is nil where no track is meant.
//
//go:noinline
func (r *rule) hit(cause uint8, tr *Track, at diag.Media) *fold {
	return r.hitAs(r.sev, r.basis, cause, tr, at)
}

// hitAs is hit under a severity that a limit or a condition of the profile gave.
func (r *rule) hitAs(sev diag.Severity, basis diag.Basis, cause uint8, tr *Track, at diag.Media) *fold {
	if sev == diag.Off || r.off() {
		return nil
	}
	var f *fold
	for _, have := range r.folds {
		if have.cause == cause && have.track == tr && have.sev == sev {
			f = have
			break
		}
	}
	if f == nil {
		if len(r.folds) >= maxFolds {
			f = r.folds[len(r.folds)-1]
			for _, have := range r.folds {
				if have.sev == sev {
					f = have
				}
			}
			f.count++
			return nil // its arguments stay those of what it names
		}
		f = &fold{sev: sev, basis: basis, cause: cause, track: tr, first: at}
		r.folds = append(r.folds, f)
	}
	f.count++
	f.last = at
	return f
}

// judge holds a measured value against a limit of the profile; nil when it is
// within it. limit is the threshold that was exceeded.
func (r *rule) judge(l *profile.Limit, v float64, cause uint8, tr *Track, at diag.Media) (f *fold, limit float64) {
	sev, limit, basis := l.Judge(v)
	if sev == diag.Off {
		return nil, limit
	}
	return r.hitAs(sev, basis, cause, tr, at), limit
}

// worse reports whether v is the highest value of this finding so far: then
// its arguments should be replaced.
//
//go:noinline
func (f *fold) worse(v float64) bool {
	if f.count > 1 && v <= f.worst {
		return false
	}
	f.worst = v
	return true
}

// reset drops the arguments; those that follow come in the order that the rule
// declares. The methods that add one are kept out of line: there are a hundred
// calls, and the program's size counts in the browser.
func (f *fold) reset() *fold { return f.keep(0) }

// keep drops the arguments but for the first n.
//
//go:noinline
func (f *fold) keep(n int) *fold {
	f.args = f.args[:n]
	return f
}

// text, whole, number and truth add an argument.
//
//go:noinline
func (f *fold) text(name, v string) *fold {
	f.args = append(f.args, diag.S(name, v))
	return f
}

//go:noinline
func (f *fold) whole(name string, v int64) *fold {
	f.args = append(f.args, diag.I(name, v))
	return f
}

//go:noinline
func (f *fold) number(name string, v float64) *fold {
	f.args = append(f.args, diag.F(name, v))
	return f
}

//go:noinline
func (f *fold) truth(name string, v bool) *fold {
	f.args = append(f.args, diag.B(name, v))
	return f
}

// at is the place of a tag, on a track where one is known.
//
//go:noinline
func at(t *flv.Tag, tr *Track) diag.Media {
	m := diag.Media{Offset: t.Offset, Tag: t.Index, TimestampMS: t.Timestamp}
	if tr != nil {
		m.Track = tr.Name
		return m
	}
	switch t.Type {
	case flv.TypeAudio:
		m.Track = "audio"
	case flv.TypeVideo:
		m.Track = "video"
	case flv.TypeScript, flv.TypeAMF3:
		m.Track = "script"
	}
	return m
}

// nowhere is the place of a finding about the whole recording.
var nowhere = diag.Media{Tag: -1}

// Findings are the findings so far, by severity and position; rules.Tell adds
// their texts.
func (p *Pass) Findings() []diag.Finding {
	list := []diag.Finding{}
	for _, r := range p.rules {
		for _, f := range r.folds {
			first, last := f.first, f.last
			d := diag.Finding{
				Rule: r.id, Severity: f.sev, Basis: f.basis,
				Place: diag.Place{Media: &first},
				Count: f.count,
				Args:  append(diag.Args{}, f.args...),
			}
			if f.count > 1 {
				d.Last = &diag.Place{Media: &last}
			}
			list = append(list, d)
		}
	}
	sortFindings(list)
	return list
}

// sortFindings sorts by severity, then position; the order of the checks
// decides between findings at the same place. The lists are short.
func sortFindings(list []diag.Finding) {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && before(&list[j], &list[j-1]); j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

func before(a, b *diag.Finding) bool {
	if a.Severity != b.Severity {
		return a.Severity > b.Severity
	}
	return a.Offset < b.Offset
}

// Checks says what became of every rule, in the order of the rules' pages. cut
// means that the input was cancelled or failed: then nothing has passed.
func (p *Pass) Checks(cut bool) []diag.Check {
	list := make([]diag.Check, 0, len(p.rules))
	for _, r := range p.rules {
		c := diag.Check{Rule: r.id, State: diag.CheckPassed}
		switch {
		case r.off():
			c.State, c.Why = diag.CheckOff, "the profile switches it off"
		case len(r.folds) > 0:
			c.State = diag.CheckRaised
		case cut || r.open:
			c.State, c.Why = diag.CheckStopped, "the recording was not read to its end"
		case r.why != "":
			c.State, c.Why = diag.CheckNA, r.why
		}
		list = append(list, c)
	}
	return list
}
