package rules

import "ingestdoctor/wasm/diag"

// Tell writes what a report says in words: every finding's message, codes and
// pages, and the verdict. The browser's validator leaves that to the page, so
// that the texts are not loaded twice; a stored report is told anew the same way.
func Tell(r *diag.Report) {
	for i := range r.Findings {
		Complete(&r.Findings[i], r.Profile.Platform)
	}
	r.Verdict = verdict(r)
}

// verdict says in a sentence what the worst finding means, and what to do.
func verdict(r *diag.Report) diag.Verdict {
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
		v.Headline = clean(r)
	case worst.Rule == "flv-signature":
		v.Headline = notFLV(worst)
		v.Next = Fix(worst)
	default:
		v.Headline = Lead(&r.Profile, worst) + Headline(worst)
		v.Next = Fix(worst)
	}
	if r.Profile.Retired != "" && r.Profile.Instead != "" {
		if v.Next != "" {
			v.Next += " "
		}
		v.Next += r.Profile.Instead
	}
	return v
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
	return !aroundIt(a.Rule) && aroundIt(b.Rule)
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

// aroundIt reports whether a rule is about the file, which a platform never sees.
func aroundIt(id string) bool {
	m, ok := MetaOf(id)
	return ok && m.Family == Container && id != "flv-empty" && id != "frame-too-large"
}

func clean(r *diag.Report) string {
	switch r.Kind {
	case "url":
		return "Nothing is wrong with this URL."
	case "log":
		return cleanLog(r)
	}
	if r.Kind == "probe" {
		return reached(r)
	}
	switch r.Input.State {
	case diag.StateReading:
		return "Nothing found so far."
	case diag.StateCancelled:
		return "Stopped before the end; nothing found up to there."
	case diag.StateFailed:
		return "Reading failed before the end; nothing found up to there."
	}
	who, when := r.Profile.Short, "make "
	if r.Profile.ID == generic {
		who = "an RTMP platform"
	}
	if r.Profile.Retired != "" {
		when = "have made "
	}
	what := "recording"
	if r.Kind == "live" {
		what = "push"
	}
	return "Nothing in this " + what + " would " + when + who + " refuse it."
}

// reached words a probe that found nothing wrong: how far it got.
func reached(r *diag.Report) string {
	passed := func(rule string) bool {
		for i := range r.Checks {
			if r.Checks[i].Rule == rule {
				return r.Checks[i].State == diag.CheckPassed
			}
		}
		return false
	}
	switch {
	case r.Input.State == diag.StateReading:
		return "Nothing wrong so far."
	case r.Input.State == diag.StateCancelled:
		return "Stopped before the end; nothing wrong up to there."
	case passed("probe-publish-rejected"):
		return "The server takes this stream: every stage up to publish went through."
	case passed("probe-connect-rejected"):
		return "The server is there and accepts the connection; whether it takes the stream key was not tried."
	case passed("probe-handshake"):
		return "The server is there and speaks RTMP; whether it accepts an application was not tried."
	}
	return "Nothing was found wrong as far as the probe got."
}

// cleanLog words a paste without warnings.
func cleanLog(r *diag.Report) string {
	for i := range r.Findings {
		if r.Findings[i].Rule == "log-unknown" {
			return "Nothing in this text is of a kind that we know."
		}
	}
	switch r.Input.State {
	case diag.StateReading:
		return "Nothing found so far."
	case diag.StateCancelled, diag.StateFailed:
		return "Not read to its end; nothing wrong up to there."
	}
	if r.Input.Read == 0 {
		return "There is nothing in it."
	}
	return "Nothing in this text points to a fault."
}

// generic is the id of the profile that is no platform.
const generic = "generic"

// notFLV words flv-signature; the kinds are those of flv.LooksLike.
func notFLV(f *diag.Finding) string {
	like, _ := f.Args.Get("looks_like")
	switch like.Text {
	case "":
		return "This is not an FLV file."
	case "empty":
		return "This file is empty."
	case "a cut FLV header":
		return "This file ends inside the FLV header: nothing was recorded."
	case "FLV tags without the file header":
		return "This is not an FLV file: its header is missing, though FLV tags follow."
	}
	return "This is not an FLV file; it looks like " + like.Text + "."
}

// Lead begins the verdict's sentence for its worst finding, so that it goes on
// with Headline: "Azure would refuse this: ". It claims no more than the
// finding's basis bears out.
func Lead(p *diag.Profile, f *diag.Finding) string {
	m, ok := MetaOf(f.Rule)
	if !ok {
		return "Something is wrong: "
	}
	bad := f.Severity == diag.Error
	switch {
	case f.Severity == diag.Info:
		return "Worth knowing: "
	case m.ID == "flv-signature":
		return "This cannot be analysed: "
	case aroundIt(m.ID):
		if bad {
			return "The recording is at fault: "
		}
		return "The recording has a flaw: "
	case m.Family == IngestURLs:
		if bad {
			return "This URL would not work: "
		}
		return "This URL may not work: "
	case m.ID == "probe-refused-target":
		return "Nothing was probed: "
	case m.Family == Reachability:
		if bad {
			return "A push would fail: "
		}
		return "A push may fail: "
	case m.Family == LogsAndEvents && f.Rule != "log-not-text":
		if bad {
			return "This is what went wrong: "
		}
		return "This may be the trouble: "
	case f.Rule == "log-not-text":
		return "This cannot be read: "
	case !bad:
		return p.Short + " may have trouble with this: "
	case f.Basis == diag.Ours:
		return p.Short + " may refuse this: "
	case f.Basis == diag.Documented && (p.ID == generic || says(p, m.ID)):
		return p.Short + " would refuse this: "
	}
	return p.Short + " would probably refuse this: "
}

// says reports whether the platform itself documents the rule's matter: by a
// code of its own or by a limit of this profile.
func says(p *diag.Profile, id string) bool {
	if r, ok := ByID(id); ok {
		for _, c := range r.Codes {
			if c.Platform == p.Platform {
				return true
			}
		}
	}
	for i := range p.Limits {
		l := &p.Limits[i]
		if l.Basis != diag.Documented {
			continue
		}
		for _, of := range l.Rules {
			if of == id {
				return true
			}
		}
	}
	return false
}
