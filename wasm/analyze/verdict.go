package analyze

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// verdict says in a sentence what the worst finding means, and what to do.
func verdict(p *profile.Profile, r *diag.Report) diag.Verdict {
	var v diag.Verdict
	var worst *diag.Finding
	for i := range r.Findings {
		f := &r.Findings[i]
		switch f.Severity {
		case diag.Error:
			v.Errors++
		case diag.Warning:
			v.Warnings++
		default:
			v.Infos++
		}
		if worst == nil || graver(f, worst) {
			worst = f
		}
	}
	if worst != nil {
		v.Severity = worst.Severity
	}
	switch {
	case worst == nil || worst.Severity == diag.Info:
		v.Headline = clean(p, r)
	case worst.Rule == "flv-signature":
		v.Headline = notFLV(worst)
		v.Next = fix(worst)
	default:
		v.Headline = p.Lead(worst) + rules.Headline(worst)
		v.Next = fix(worst)
	}
	if p.Retired != "" && p.Instead != "" {
		if v.Next != "" {
			v.Next += " "
		}
		v.Next += p.Instead
	}
	return v
}

func fix(f *diag.Finding) string {
	if r, ok := rules.ByID(f.Rule); ok {
		return r.Fix
	}
	return ""
}

// graver reports whether a says more than b: the more severe, then what the
// platform documents before what we conclude, then the stream before the file
// around it. Findings come sorted by position, so the earlier one stays.
func graver(a, b *diag.Finding) bool {
	if a.Severity != b.Severity {
		return a.Severity > b.Severity
	}
	if x, y := weight(a.Basis), weight(b.Basis); x != y {
		return x > y
	}
	return !aroundIt(a) && aroundIt(b)
}

func weight(b diag.Basis) int {
	switch b {
	case diag.Documented:
		return 2
	case diag.Inferred:
		return 1
	}
	return 0
}

// aroundIt reports whether a finding is about the file, which a platform never sees.
func aroundIt(f *diag.Finding) bool {
	r, ok := rules.ByID(f.Rule)
	return ok && r.Family == rules.Container && f.Rule != "flv-empty" && f.Rule != "frame-too-large"
}

func clean(p *profile.Profile, r *diag.Report) string {
	switch r.Input.State {
	case diag.StateReading:
		return "Nothing found so far."
	case diag.StateCancelled:
		return "Stopped before the end; nothing found up to there."
	case diag.StateFailed:
		return "Reading failed before the end; nothing found up to there."
	}
	if p.ID == profile.Default().ID {
		return "Nothing in this recording would make an RTMP platform refuse it."
	}
	if p.Retired != "" {
		return "Nothing in this recording would have made " + p.Short + " refuse it."
	}
	return "Nothing in this recording would make " + p.Short + " refuse it."
}

func notFLV(f *diag.Finding) string {
	like, _ := f.Args.Get("looks_like")
	switch like.Text {
	case "":
		return "This is not an FLV file."
	case flv.LooksEmpty:
		return "This file is empty."
	case flv.LooksCutFLV:
		return "This file ends inside the FLV header: nothing was recorded."
	case flv.LooksHeaderless:
		return "This is not an FLV file: its header is missing, though FLV tags follow."
	}
	return "This is not an FLV file; it looks like " + like.Text + "."
}
