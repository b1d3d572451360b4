package explain

import (
	"cmp"
	"slices"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

func (e *Explainer) report(state, detail string) *Report {
	r := &e.core
	r.ffmpegEnd()
	p, by := e.opts.Profile, "given"
	if p == nil {
		p, by = r.shownProfile()
	}
	if r.cut && state == diag.StateComplete {
		state = diag.StateTruncated
	}
	rep := &Report{ProfileBy: by, LeftOut: r.leftOut}
	rep.Report = diag.Report{
		Format: diag.Format, Kind: "log", Tool: e.opts.Tool, Profile: p.Info(),
		Input:    diag.Input{Name: ingest.Redact(e.opts.Name), Bytes: e.opts.Size, Read: e.dec.read, State: state, Detail: detail},
		Findings: []diag.Finding{},
	}
	if rep.Input.Bytes < 0 {
		rep.Input.Bytes = e.dec.read
	}
	rep.Paste = Paste{
		Kinds: r.kinds(), Encoding: e.dec.encoding, Lines: r.line,
		ANSI: r.ansi, Quoted: r.quoted, Wrapped: r.wrapped, Cut: r.cut,
	}
	rep.Settings = r.set.sorted()
	c := conclusion{r: r, p: p, rep: rep}
	c.all()
	rep.Findings = c.list
	rep.Checks = c.checks()
	rep.Entries = r.timeline()
	for i := range rep.Settings {
		s := &rep.Settings[i]
		s.Value = r.secrets.apply(s.Value)
		if by == "" && (s.State == "warning" || s.State == "error") {
			s.State = "info"
		}
	}
	for i := range rep.Findings {
		if rep.Findings[i].Rule == "log-code" {
			continue // its words are the knowledge base's
		}
		args := rep.Findings[i].Args
		for k := range args {
			if args[k].Kind == diag.Text {
				args[k].Text = r.secrets.apply(args[k].Text)
			}
		}
	}
	if e.opts.Tell != nil {
		e.opts.Tell(&rep.Report)
	}
	return rep
}

// Entry is the first entry of the timeline that a finding rests on, nil where
// there is none: a setting has none.
func (r *Report) Entry(f *diag.Finding) *Entry {
	if f.Lines == nil {
		return nil
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Rule != f.Rule || e.First != f.First {
			continue
		}
		if len(f.Links) == 0 || f.Rule != "log-code" || e.URL == f.Links[0].URL {
			return e
		}
	}
	return nil
}

// kinds lists what was recognised, in the order of the paste; text and JSON
// that nobody knows only where there is nothing else.
func (r *reader) kinds() []Kind {
	list := []Kind{}
	if r.notText() {
		return list
	}
	for pass := range 2 {
		for i := range r.seen {
			k := kindID(i)
			if r.seen[k].First == 0 || k.open() != (pass == 1) {
				continue
			}
			if pass == 1 && k != kHTTP && len(list) > 0 {
				continue
			}
			s := r.seen[k]
			s.ID, s.Name = kindInfo[k].id, kindInfo[k].name
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b Kind) int { return a.First - b.First })
	return list
}

// timeline puts the entries in the order in which things happened: by their
// time where it is in UTC, as notifications have it, else as they stand.
func (r *reader) timeline() []Entry {
	list := append([]Entry{}, r.entries...)
	type keyed struct {
		ms int64
		e  Entry
	}
	sorted := make([]keyed, len(list))
	var last int64
	for i := range list {
		if list[i].HasUnix && list[i].Clock == "utc" {
			last = list[i].UnixMS
			break
		}
	}
	for i := range list {
		e := &list[i]
		if e.HasUnix && e.Clock == "utc" {
			last = e.UnixMS
		}
		e.Text = r.secrets.apply(e.Text)
		if e.Rule != "log-code" {
			e.Title, e.Code = r.secrets.apply(e.Title), r.secrets.apply(e.Code)
		}
		sorted[i] = keyed{last, *e}
	}
	slices.SortStableFunc(sorted, func(a, b keyed) int { return cmp.Compare(a.ms, b.ms) })
	for i := range sorted {
		list[i] = sorted[i].e
	}
	return list
}

// kindProfile is the profile that a kind of text speaks for.
var kindProfile = map[kindID]string{
	kAzure: "azure-live-encoding", kTencent: "tencent-css", kTencentList: "tencent-css", kIVS: "aws-ivs", kMediaLive: "aws-medialive",
	kCloudflare: "cloudflare", kMux: "mux", kYouTube: "youtube", kAlibaba: "alibaba", kFacebook: "facebook", kTwitch: "twitch",
	kNginx: "nginx-rtmp", kSRS: "srs", kMediaMTX: "mediamtx", kAnt: "ant-media",
}

// shownProfile is the platform that the paste itself shows: by the server that
// the encoder pushes to, else by whose notification it is.
func (r *reader) shownProfile() (*profile.Profile, string) {
	if r.set.server != "" {
		host := r.set.server
		if i := strings.LastIndexByte(host, ':'); i > 0 {
			host = host[:i]
		}
		if id, _ := ingest.Recognise(lowered(host)); id != "" {
			if p, ok := profile.ByID(id); ok {
				return p, "paste"
			}
		}
	}
	id := ""
	for k := range kindCount {
		if r.seen[k].First == 0 || kindProfile[k] == "" {
			continue
		}
		if id != "" && id != kindProfile[k] {
			return profile.Default(), ""
		}
		id = kindProfile[k]
	}
	if p, ok := profile.ByID(id); ok {
		return p, "paste"
	}
	return profile.Default(), ""
}

// looksLike names a file that is no text by its first bytes.
func looksLike(b []byte) string {
	for _, m := range [...]struct{ start, what string }{
		{"FLV\x01", "an FLV recording"},
		{"\x1f\x8b", "a gzip archive"},
		{"PK\x03\x04", "a zip archive"},
		{"\x89PNG", "a picture"},
		{"\xff\xd8\xff", "a picture"},
		{"GIF8", "a picture"},
		{"%PDF", "a PDF document"},
		{"\x1aE\xdf\xa3", "a Matroska or WebM recording"},
		{"7z\xbc\xaf", "a 7z archive"},
		{"Rar!", "a rar archive"},
		{"BZh", "a bzip2 archive"},
		{"\xfd7zXZ", "an xz archive"},
		{"\x28\xb5\x2f\xfd", "a zstd archive"},
	} {
		if hasPrefix(string(b), m.start) {
			return m.what
		}
	}
	if len(b) > 8 && string(b[4:8]) == "ftyp" {
		return "an MP4 recording"
	}
	return ""
}

// notText reports whether the bytes are no text.
func (r *reader) notText() bool {
	return r.bytes > 0 && (r.controls*20 > r.bytes || r.controls > 0 && looksLike(r.head) != "" || hasPrefix(string(r.head), "PK\x03\x04") || hasPrefix(string(r.head), "%PDF"))
}

// conclusion turns what was gathered into findings.
type conclusion struct {
	r    *reader
	p    *profile.Profile
	rep  *Report
	list []diag.Finding
	na   map[string]string // why a rule could not be judged
}

func (c *conclusion) add(rule string, sev diag.Severity, basis diag.Basis, first, last diag.Lines, count int64, args diag.Args) *diag.Finding {
	if sev == diag.Off {
		return &diag.Finding{}
	}
	if c.rep.ProfileBy == "" && hasPrefix(rule, "log-settings-") {
		sev = min(sev, diag.Info) // nobody named a platform: our cautious defaults are no verdict
	}
	f := diag.Finding{
		Rule: rule, Severity: sev, Basis: basis, Count: max(count, 1), Args: args, Codes: []string{}, DocURL: "/rules/" + rule,
		Place: diag.Place{Lines: &diag.Lines{First: first.First, Final: first.Final}},
	}
	if count > 1 {
		f.Last = &diag.Place{Lines: &diag.Lines{First: last.First, Final: last.Final}}
	}
	c.list = append(c.list, f)
	return &c.list[len(c.list)-1]
}

// link adds the page of a code to a finding as further reading. The paste does
// not hold the code, so Codes stays empty.
func link(f *diag.Finding, k *code, exact string) {
	if k == nil || f.Rule == "" {
		return
	}
	if exact == "" {
		exact = k.codes[0]
	}
	f.Links = append(f.Links, diag.Link{Platform: k.platform, Code: exact, Title: k.title, URL: k.url()})
}

func (c *conclusion) all() {
	r := c.r
	c.list = []diag.Finding{}
	if r.notText() {
		like := looksLike(r.head)
		c.add("log-not-text", diag.Error, diag.Ours, diag.Lines{First: 1, Final: 1}, diag.Lines{}, 1, words(diag.Args{}, "looks_like", like))
		return
	}
	for _, key := range r.order {
		c.code(r.codes[key])
	}
	for _, key := range r.tallied {
		c.tally(r.tallies[key])
	}
	c.settings()
	if r.cut {
		c.add("log-incomplete", diag.Info, diag.Ours, c.lastLine(), diag.Lines{}, 1, diag.Args{})
	}
	if len(c.list) == 0 && !c.anyKind() && r.line > 0 && c.rep.Input.Read > 0 {
		c.add("log-unknown", diag.Info, diag.Ours, diag.Lines{First: 1, Final: int(max(r.line, 1))}, diag.Lines{}, 1, diag.Args{diag.I("lines", r.line)})
	}
	slices.SortStableFunc(c.list, func(a, b diag.Finding) int {
		if a.Severity != b.Severity {
			return int(b.Severity) - int(a.Severity)
		}
		return a.First - b.First
	})
}

func (c *conclusion) lastLine() diag.Lines {
	n := int(max(c.r.line, 1))
	return diag.Lines{First: n, Final: n}
}

func (c *conclusion) anyKind() bool {
	for k := range kindCount {
		if c.r.seen[k].First > 0 && !k.open() {
			return true
		}
	}
	return false
}

// words adds a text where there is one.
func words(a diag.Args, name, v string) diag.Args {
	if v == "" {
		return a
	}
	return append(a, diag.S(name, v))
}

// code is the finding of a code that the paste holds.
func (c *conclusion) code(x *raised) {
	if x.code == nil {
		args := diag.Args{diag.S("platform", c.r.platformName(x.platform)), diag.S("code", x.exact)}
		c.add("log-code-unknown", x.sev, diag.Documented, x.first, x.last, x.count, words(args, "event", x.text))
		return
	}
	k := x.code
	args := diag.Args{diag.S("platform", k.name)}
	if x.exact != "" && !hasPrefix(x.exact, "log:") && !strings.Contains(x.exact, "%") {
		args = append(args, diag.S("code", x.exact))
		if k.title != x.exact {
			args = append(args, diag.S("title", k.title))
		}
	} else {
		args = append(args, diag.S("code", k.title))
	}
	args = words(args, "means", strings.TrimRight(k.means, "."))
	args = words(args, "fix", k.fix)
	sev := x.sev
	if x.exact == "video.live_stream.disconnected" && c.r.codes["mux/video.live_stream.idle"] != nil {
		sev = diag.Info // the stream's ordinary end
	}
	f := c.add("log-code", sev, diag.Documented, x.first, x.last, x.count, args)
	link(f, k, x.exact)
	f.Codes = append(f.Codes, f.Links[0].Code)
}

func (r *reader) platformName(id string) string {
	for i := range r.t.codes {
		if r.t.codes[i].platform == id {
			return r.t.codes[i].name
		}
	}
	return id
}

// tally is the finding of numbers.
func (c *conclusion) tally(t *tally) {
	r := c.r
	add := func(sev diag.Severity, basis diag.Basis, args diag.Args) *diag.Finding {
		return c.add(t.rule, sev, basis, t.first, t.last, t.count, args)
	}
	track := words(diag.Args{}, "track", t.track)
	switch t.rule {
	case "log-bitrate-unexpected":
		f := add(diag.Warning, diag.Documented, append(track, diag.F("measured_kbps", t.x), diag.F("declared_kbps", t.y), diag.I("heartbeats", t.count)))
		link(f, r.code(azure, "MPE_INGEST_BITRATE_NOT_MATCH"), "")
	case "log-no-data":
		args := words(track, "since", t.text)
		f := add(diag.Warning, diag.Documented, append(args, diag.I("duration_ms", t.count*20000)))
		link(f, r.code(azure, "MPE_RTMP_SESSION_IDLE_TIMEOUT"), "")
	case "log-overlap":
		args := track
		if t.n1 > 0 {
			args = append(args, diag.I("overlaps", t.n1))
		}
		if t.n2 > 0 {
			args = append(args, diag.I("nonincreasing", t.n2))
		}
		f := add(diag.Warning, diag.Documented, append(args, diag.I("heartbeats", t.count)))
		if t.n1 > 0 {
			link(f, r.code(azure, "FragmentDrop_OverlapTimestamp"), "")
		}
		if t.n2 > 0 {
			link(f, r.code(azure, "FragmentDrop_NonIncreasingTimestamp"), "")
		}
	case "log-discontinuity":
		args := append(track, diag.I("gaps", max(t.n1, 1)))
		if t.x > 0 {
			args = append(args, diag.F("gap_ms", t.x))
		}
		f := add(diag.Warning, diag.Documented, args)
		link(f, r.code(azure, "MPE_INGEST_DISCONTINUITY"), "")
	case "log-out-of-sync":
		args := diag.Args{diag.S("ahead", t.text), diag.S("behind", t.more)}
		if t.x > 0 {
			args = append(args, diag.F("apart_ms", t.x))
		}
		f := add(diag.Warning, diag.Documented, args)
		link(f, r.code(azure, "MPE_INGEST_DISCONTINUITY"), "")
	case "log-ingest-drift":
		add(diag.Warning, diag.Documented, append(track, diag.F("drift_ms", t.x)))
	case "log-dropped-frames", "log-encoder-overload", "log-rendering-lag":
		if t.x >= 0 && t.x < 0.1 {
			return // a frame here and there is nobody's fault
		}
		args := diag.Args{diag.I("frames", t.n1)}
		if t.x >= 0 {
			args = append(args, diag.F("share_percent", t.x), diag.F("limit_percent", shareWarn))
		}
		f := add(max(diag.Severity(t.n2), diag.Info), diag.Ours, args)
		if t.kind == kOBS {
			slug := map[string]string{"log-dropped-frames": "dropped-frames", "log-encoder-overload": "encoding-overloaded", "log-rendering-lag": "rendering-lag"}[t.rule]
			link(f, r.bySlug("obs-studio", slug), "")
		}
	case "log-reconnects":
		o := &r.obs
		args := diag.Args{diag.I("reconnects", t.n1)}
		if o.last > o.first {
			args = append(args, diag.I("span_ms", o.last-o.first), diag.I("per_minute", o.peak))
		}
		f := add(diag.Warning, diag.Ours, args)
		link(f, r.code("obs-studio", "-5"), "-5")
	case "log-encoding-slow", "log-too-fast":
		f := add(diag.Warning, diag.Ours, diag.Args{diag.S("speed", speedText(t.x)), diag.F("duration_ms", t.y)})
		if t.rule == "log-too-fast" {
			link(f, r.code(azure, "MPE_CAPACITY_LIMIT_REACHED"), "")
			link(f, r.code("youtube-live", "videoIngestionFasterThanRealtime"), "")
		}
	case "log-buffer":
		add(diag.Severity(t.n1), diag.Ours, diag.Args{diag.S("what", t.text)})
	case "log-element-error":
		args := words(diag.Args{}, "element", t.track)
		args = append(args, diag.S("message", t.text))
		add(diag.Error, diag.Documented, words(args, "debug", t.more))
	case "log-error-line":
		add(diag.Info, diag.Ours, diag.Args{diag.S("program", programName(t.kind)), diag.S("text", t.text)})
	}
}

func programName(k kindID) string {
	return strings.TrimSuffix(strings.TrimSuffix(kindInfo[k].name, " log"), " error")
}

func (r *reader) bySlug(platform, slug string) *code {
	for i := range r.t.codes {
		if c := &r.t.codes[i]; c.platform == platform && c.slug == slug {
			return c
		}
	}
	return nil
}

// checks lists what became of every rule of logs.
func (c *conclusion) checks() []diag.Check {
	raised := map[string]bool{}
	for i := range c.list {
		raised[c.list[i].Rule] = true
	}
	list := []diag.Check{}
	for _, m := range rules.Metas() {
		if m.Family != rules.LogsAndEvents && m.Family != rules.LogSettings {
			continue
		}
		k := diag.Check{Rule: m.ID, State: diag.CheckPassed}
		if raised[m.ID] {
			k.State = diag.CheckRaised
		} else if why := c.notApplicable(m.ID); why != "" {
			k.State, k.Why = diag.CheckNA, why
		}
		list = append(list, k)
	}
	return list
}

func (c *conclusion) notApplicable(rule string) string {
	seen := func(list ...kindID) bool {
		for _, k := range list {
			if c.r.seen[k].First > 0 {
				return true
			}
		}
		return false
	}
	switch rule {
	case "log-bitrate-unexpected", "log-no-data", "log-overlap", "log-discontinuity", "log-out-of-sync", "log-ingest-drift":
		if !seen(kAzure) {
			return "no live event notifications in it"
		}
	case "log-bitrate-exceeded":
		if len(c.r.set.peak) == 0 {
			return "no measured rates in it"
		}
	case "log-encoder-overload", "log-rendering-lag", "log-reconnects":
		if !seen(kOBS) {
			return "no OBS log in it"
		}
	case "log-dropped-frames", "log-buffer":
		if !seen(kOBS, kFFmpeg) {
			return "no log of an encoder in it"
		}
	case "log-encoding-slow", "log-too-fast":
		if !seen(kFFmpeg) {
			return "no FFmpeg log in it"
		}
	case "log-element-error":
		if !seen(kGStreamer) {
			return "no GStreamer log in it"
		}
	}
	return c.na[rule]
}
