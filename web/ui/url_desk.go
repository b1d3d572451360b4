package ui

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
)

// Linter judges ingest URLs. In the browser it is static/js/linter.js with its
// worker; native tests call wasm/ingest. Every call returns at once and is
// answered by a URLEvent.
type Linter interface {
	Lint(run int, w URLText)
	// Sign asks for the URL with a fresh signature, good until expiry (Unix seconds).
	Sign(run int, w URLText, expiry int64)
	// Rates asks for the URL with data rates in kbit/s.
	Rates(run int, w URLText, video, audio int)
	// Forget drops what was typed.
	Forget()
}

// URLText is what a person typed. It holds secrets: it goes to the Linter and
// nowhere else.
type URLText struct {
	Text    string // the URL, or with Split the server field
	Key     string // the key field
	Split   bool
	Profile string // id; empty: the one that the URL tells
	SignKey string // the platform's signing key
}

// Empty reports whether there is nothing to judge.
func (w *URLText) Empty() bool { return w.Text == "" && (!w.Split || w.Key == "") }

// URLForm is a profile as the linter describes it (wasm/linter, about).
type URLForm struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Platform string `json:"platform"`
	Short    string `json:"short"`
	Retired  string `json:"retired"`
	Instead  string `json:"instead"`
	Template string `json:"template"`
	Example  string `json:"example"`
	Note     string `json:"note"`
	Source   string `json:"source"`
	URL      string `json:"url"`
	Signed   string `json:"signed"` // the signature's parameter
	Rates    string `json:"rates"`  // not empty where the URL takes data rates
}

// URLResult is a linted URL: the report with its secrets masked, and in plain
// what is masked there.
type URLResult struct {
	diag.Report
	InputRedacted string       `json:"input_redacted"`
	KeyRedacted   string       `json:"key_redacted"`
	Mended        string       `json:"mended"`
	Changed       bool         `json:"changed"`
	Host          string       `json:"platform"`
	By            string       `json:"profile_by"`
	Parts         []URLPart    `json:"parts"`
	Expiry        *URLExpiry   `json:"expiry"`
	Signature     string       `json:"signature"`
	KeyUnused     bool         `json:"key_unused"`
	Target        *URLTarget   `json:"target"`
	Settings      []URLSetting `json:"settings"`

	raw   string // the report as it came, for download
	plain urlPlain
	views []FindingView
}

// URLPart is one part of the URL.
type URLPart struct {
	Name   string `json:"name"`
	Start  int    `json:"start"`
	End    int    `json:"end"`
	Field  string `json:"field"`
	Param  string `json:"param"`
	Value  string `json:"value"`
	Secret bool   `json:"secret"`
	Note   string `json:"note"`
}

// URLExpiry is until when a signed URL is good.
type URLExpiry struct {
	Param string `json:"param"`
	Unix  int64  `json:"unix"`
	UTC   string `json:"utc"`
	Local string `json:"local"`
}

// URLTarget is what a probe needs.
type URLTarget struct {
	Scheme string `json:"scheme"`
	Host   string `json:"host"`
	Port   int    `json:"port"`
	TLS    bool   `json:"tls"`
}

// URLSetting is what to type into one program.
type URLSetting struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Note   string `json:"note"`
	Fields []struct {
		Label  string `json:"label"`
		Value  string `json:"value"`
		Secret bool   `json:"secret"`
	} `json:"fields"`
}

type urlPlain struct {
	Mended   string     `json:"mended"`
	Parts    []string   `json:"parts"`
	Settings [][]string `json:"settings"`
}

// parseURLResult reads what the linter says. nil for what is none.
func parseURLResult(report, plain string) *URLResult {
	r := &URLResult{raw: report}
	if json.Unmarshal([]byte(report), r) != nil || json.Unmarshal([]byte(plain), &r.plain) != nil ||
		len(r.plain.Parts) != len(r.Parts) || len(r.plain.Settings) != len(r.Settings) {
		return nil
	}
	for i := range r.Settings {
		if len(r.plain.Settings[i]) != len(r.Settings[i].Fields) {
			return nil
		}
	}
	r.views = findingViews(&r.Report)
	seen := map[string]bool{}
	for i := range r.views {
		v := &r.views[i]
		v.Values = nil // the message names them all
		if seen[v.Rule] {
			v.Why, v.Fix, v.Codes = "", "", nil // the first of its rule says it
		}
		seen[v.Rule] = true
	}
	return r
}

// sourced names the platform's own page where a finding rests on its URL form.
func (r *URLResult) sourced(f *URLForm) {
	for i := range r.views {
		v := &r.views[i]
		switch v.Rule {
		case "url-characters", "url-syntax", "url-placeholder", "url-key-place", "url-retired":
			continue
		}
		if v.Source != "" && f.Source != "" {
			v.Source, v.SourceAt = f.Source, f.URL
		}
	}
}

// setting is the plain values of one program's fields, nil where there are none.
func (r *URLResult) setting(id string) []string {
	for i := range r.Settings {
		if r.Settings[i].ID == id {
			return r.plain.Settings[i]
		}
	}
	return nil
}

// probe is the address of the page that probes the host: scheme, host and port,
// nothing else. Empty where there is no host that could be asked.
func (r *URLResult) probe() string {
	t := r.Target
	if t == nil || t.Host == "" || !strings.HasPrefix(t.Scheme, "rtmp") {
		return ""
	}
	for _, p := range r.Parts {
		if p.Name == "host" && p.Secret {
			return "" // a key that stands where the host should
		}
	}
	for _, f := range r.Findings {
		if f.Part == "host" && (f.Rule == "url-placeholder" || f.Rule == "url-syntax") {
			return ""
		}
	}
	q := "?host=" + url.QueryEscape(t.Host)
	if t.Port > 0 {
		q += "&port=" + strconv.Itoa(t.Port)
	}
	return "/check/reach" + q + "&scheme=" + url.QueryEscape(t.Scheme)
}

// URLEvent is one message of a Linter.
type URLEvent struct {
	Kind   URLEventKind
	Run    int
	Forms  []URLForm  // URLReady
	Result *URLResult // URLLinted
	URL    string     // URLMade: in the clear, empty where it cannot be made
	Shown  string     // the same masked
	Text   string     // URLFailed, for a person
	Fatal  bool       // the linter does not run at all
}

// URLEventKind tells them apart.
type URLEventKind uint8

// The events.
const (
	URLReady URLEventKind = iota
	URLLinted
	URLMade
	URLFailed
)

// URLMake is a URL that was made on request.
type URLMake struct {
	Kind       string // signed, rates
	URL, Shown string
	run        int
}

// URLDesk is all that the page /check/url knows. It has no browser in it.
type URLDesk struct {
	L      Linter
	Forms  []URLForm
	What   URLText
	Result *URLResult // nil while there is nothing to judge
	Show   bool       // secrets are shown
	Made   *URLMake
	Broken string // why the linter does not run at all
	Notice string // one sentence about the last action that did nothing else

	run   int
	shown int // the run of Result
}

// Changed judges what was typed anew.
func (d *URLDesk) Changed() {
	d.Made, d.Notice = nil, ""
	d.run++
	if d.What.Empty() {
		d.Result = nil
		d.Show = false
		if d.L != nil {
			d.L.Forget()
		}
		return
	}
	if d.L != nil {
		d.L.Lint(d.run, d.What)
	}
}

// Sign asks for a signed URL, good for so many seconds from now (Unix seconds).
func (d *URLDesk) Sign(now, seconds int64) {
	if d.What.SignKey == "" {
		d.Notice = "Type the signing key first: the platform shows it where it signs push URLs."
		return
	}
	d.make("signed", func() { d.L.Sign(d.run, d.What, now+seconds) })
}

// Rates asks for a URL with data rates as they were typed.
func (d *URLDesk) Rates(video, audio string) {
	v, okv := kbps(video)
	a, oka := kbps(audio)
	if !okv || !oka || v+a == 0 {
		d.Notice = "Type the rates as whole numbers in kbit/s, such as 5000 and 128."
		return
	}
	d.make("rates", func() { d.L.Rates(d.run, d.What, v, a) })
}

func (d *URLDesk) make(kind string, ask func()) {
	d.Notice = ""
	if d.L == nil || d.What.Empty() {
		return
	}
	d.run++
	d.Made = &URLMake{Kind: kind, run: d.run}
	ask()
}

// kbps reads a rate; nothing is 0.
func kbps(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= 1_000_000
}

// ratesOf are the measured rates of a report on a recording, in kbit/s.
func ratesOf(r *diag.Report) (video, audio int) {
	if r == nil || r.Media == nil {
		return 0, 0
	}
	for _, t := range r.Media.Tracks {
		rate := int(math.Round(t.Bitrate.Mean))
		switch {
		case t.Kind == "video":
			video += rate
		case t.Kind == "audio":
			audio += rate
		}
	}
	return video, audio
}

// Handle takes in one event.
func (d *URLDesk) Handle(e URLEvent) {
	switch e.Kind {
	case URLReady:
		d.Broken = ""
		d.Forms = e.Forms
		if d.What.Profile != "" && d.form(d.What.Profile) == nil {
			d.What.Profile = ""
		}
	case URLLinted:
		// The newest wins; one of an older text is better than nothing while typing.
		if e.Result != nil && !d.What.Empty() && e.Run > d.shown {
			d.Result, d.shown = e.Result, e.Run
			if f := d.form(e.Result.Profile.ID); f != nil {
				d.Result.sourced(f)
			}
		}
	case URLMade:
		if m := d.Made; m != nil && m.run == e.Run {
			m.URL, m.Shown = e.URL, e.Shown
			if e.URL == "" {
				d.Made = nil
				d.Notice = "This URL cannot be completed: the application or the stream name is missing."
			}
		}
	case URLFailed:
		if e.Fatal {
			d.Broken = e.Text
			return
		}
		d.Notice = e.Text
	}
}

// form is the profile of that id.
func (d *URLDesk) form(id string) *URLForm {
	for i := range d.Forms {
		if d.Forms[i].ID == id {
			return &d.Forms[i]
		}
	}
	return nil
}

// current is the profile that the URL is held against, nil before it is known.
func (d *URLDesk) current() *URLForm {
	if d.What.Profile != "" {
		return d.form(d.What.Profile)
	}
	if d.Result != nil {
		return d.form(d.Result.Profile.ID)
	}
	return nil
}

// cut splits a URL into what a person would type into a server field and a key
// field: at the stream name, as it stands.
func (d *URLDesk) cut() (server, key string) {
	text := d.What.Text
	if r := d.Result; r != nil && d.shown == d.run {
		for _, p := range r.Parts {
			if p.Name == "stream" && p.Start > 0 && p.Start < len(text) {
				return strings.TrimSuffix(text[:p.Start], "/"), text[p.Start:]
			}
		}
	}
	return text, ""
}

// joined is the URL of a server field and a key field, as they stand.
func (d *URLDesk) joined() string {
	server, key := d.What.Text, d.What.Key
	if server == "" || key == "" {
		return server + key
	}
	return strings.TrimSuffix(server, "/") + "/" + key
}

// mended is what "Use it" puts into the fields.
func (d *URLDesk) mended() (text, key string) {
	r := d.Result
	if r == nil {
		return "", ""
	}
	if !d.What.Split {
		return r.plain.Mended, ""
	}
	if v := r.setting("vmix"); len(v) == 2 { // server and key, user and password left where they are
		return v[0], v[1]
	}
	return r.plain.Mended, ""
}

// recognised says what the URL is held against, and why.
func (d *URLDesk) recognised() string {
	r := d.Result
	if r == nil {
		return ""
	}
	how := map[string]string{"given": "as you chose", "host": "told from the host", "query": "told from the parameters", "key": "told from the key"}[r.By]
	text := "Checked against " + r.Profile.Name
	if how != "" {
		text += ", " + how
	} else {
		text += ": nothing in the URL tells the platform"
	}
	if r.Host != "" && r.Host != r.Profile.Name && r.By != "host" {
		text += ". The host belongs to " + r.Host
	}
	return text + "."
}

// said is what a screen reader hears about the result.
func (d *URLDesk) said() string {
	r := d.Result
	if r == nil {
		return "Nothing to check."
	}
	text := countsText(&r.Verdict) + ". " + r.Verdict.Headline + "."
	if r.Changed {
		text += " A mended URL is offered."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// left writes how long a URL still runs, or since when it does not.
func left(unix, now int64) string {
	n := unix - now
	if n <= 0 {
		return "expired " + clockText(-n) + " ago"
	}
	return "runs for another " + clockText(n)
}

// clockText writes seconds as the two or three units that say enough.
func clockText(n int64) string {
	d, h, m, s := n/86400, n/3600%24, n/60%60, n%60
	switch {
	case d >= 60:
		return countText(d) + " days"
	case d > 0:
		return plural(d, "day", "days") + " " + plural(h, "hour", "hours")
	case h > 0:
		return plural(h, "hour", "hours") + " " + plural(m, "minute", "minutes") + " " + plural(s, "second", "seconds")
	case m > 0:
		return plural(m, "minute", "minutes") + " " + plural(s, "second", "seconds")
	}
	return plural(s, "second", "seconds")
}

// partName is a part's name for a person.
func partName(p *URLPart) string {
	switch p.Name {
	case "scheme", "user", "password", "host", "port", "fragment":
		return strings.ToUpper(p.Name[:1]) + p.Name[1:]
	case "zone":
		return "Zone of the address"
	case "app":
		return "Application"
	case "token":
		return "Access token"
	case "instance":
		return "Instance"
	case "stream":
		return "Stream name or key"
	case "query":
		if p.Param == "" {
			return "Parameter"
		}
		return "Parameter " + visible(p.Param)
	}
	return visible(p.Name)
}

// MarkdownURL is a linted URL as a ticket takes it, its secrets masked.
func MarkdownURL(r *URLResult) string {
	var m mdWriter
	m.verdict(&r.Verdict)
	if r.KeyRedacted != "" {
		m.line("- Server: " + code(r.InputRedacted))
		m.line("- Key: " + code(r.KeyRedacted))
	} else {
		m.line("- URL: " + code(r.InputRedacted) + " (secrets masked)")
	}
	if r.Changed && r.Mended != "" {
		m.line("- Mended: " + code(r.Mended))
	}
	m.line("- Checked against: " + md(r.Profile.Name) + " (" + code(r.Profile.ID) + ")")
	m.line("- Result: " + countsText(&r.Verdict))
	if e := r.Expiry; e != nil {
		m.line("- Good until: " + md(e.UTC))
	}
	m.line(toolLine(&r.Tool))
	for _, g := range groups(r.views) {
		m.line("")
		m.line("### " + g.Title)
		for i := range g.Findings {
			m.finding(&g.Findings[i])
		}
	}
	if len(r.Parts) > 0 {
		m.line("")
		m.line("### Parts")
		m.line("")
		m.line("| Part | Value |")
		m.line("|---|---|")
		for i := range r.Parts {
			p := &r.Parts[i]
			m.line("| " + md(partName(p)) + " | " + md(p.Value) + " |")
		}
	}
	return m.b.String()
}
