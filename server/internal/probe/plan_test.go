package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	const azure = "00000000000000000000000000000000.channel.media.azure.net"
	const token = "0123456789abcdef0123456789abcdef"
	for _, tt := range []struct {
		target, key, profile string

		host      string
		endpoints string
		app       string
		stream    string
		redacted  string
		by        string // profile
		lint      []string
	}{
		{target: "live.example.com", host: "live.example.com", endpoints: "1935 rtmp, 1936 rtmp, 2935 rtmps, 2936 rtmps", redacted: "live.example.com", by: "generic"},
		{target: " Live.Example.com. ", host: "live.example.com", endpoints: "1935 rtmp, 1936 rtmp, 2935 rtmps, 2936 rtmps", redacted: "live.example.com", by: "generic"},
		{target: "live.example.com:443", host: "live.example.com", endpoints: "443 rtmps", redacted: "live.example.com:443", by: "generic"},
		{target: "live.example.com:2936", host: "live.example.com", endpoints: "2936 rtmps", redacted: "live.example.com:2936", by: "generic"},
		{target: "8.8.8.8", host: "8.8.8.8", endpoints: "1935 rtmp, 1936 rtmp, 2935 rtmps, 2936 rtmps", redacted: "8.8.8.8", by: "generic"},
		{target: "2606:4700::1111", host: "2606:4700::1111", endpoints: "1935 rtmp, 1936 rtmp, 2935 rtmps, 2936 rtmps", redacted: "2606:4700::1111", by: "generic"},
		{target: "[2606:4700::1111]:1935", host: "2606:4700::1111", endpoints: "1935 rtmp", redacted: "[2606:4700::1111]:1935", by: "generic"},
		{target: "a.rtmps.youtube.com", host: "a.rtmps.youtube.com", endpoints: "443 rtmps", redacted: "a.rtmps.youtube.com", by: "youtube"},
		{target: azure, host: azure, endpoints: "1935 rtmp, 1936 rtmp, 2935 rtmps, 2936 rtmps", redacted: azure, by: "azure-live-encoding", lint: []string{"url-retired"}},
		{target: "bücher.example.com", host: "xn--bcher-kva.example.com", endpoints: "1935 rtmp, 1936 rtmp, 2935 rtmps, 2936 rtmps", redacted: "xn--bcher-kva.example.com", by: "generic"},

		{target: "rtmp://live.example.com/live/mykey-12345?token=abcdef", host: "live.example.com", endpoints: "1935 rtmp", app: "live", stream: "mykey-12345?token=abcdef", redacted: "rtmp://live.example.com/live/****?token=****", by: "generic"},
		{target: "rtmp://live.example.com/live", key: "mykey-12345?token=abcdef", host: "live.example.com", endpoints: "1935 rtmp", app: "live", stream: "mykey-12345?token=abcdef", redacted: "rtmp://live.example.com/live", by: "generic"},
		{target: "rtmps://live.example.com/live/", key: "mykey-12345", host: "live.example.com", endpoints: "443 rtmps", app: "live", stream: "mykey-12345", redacted: "rtmps://live.example.com/live/", by: "generic"},
		{target: "RTMPS://Live.Example.com:2935/live/x", host: "live.example.com", endpoints: "2935 rtmps", app: "live", stream: "x", redacted: "RTMPS://Live.Example.com:2935/live/****", by: "generic"},
		{target: "live.example.com/live/mykey-12345", host: "live.example.com", endpoints: "1935 rtmp", app: "live", stream: "mykey-12345", redacted: "live.example.com/live/****", by: "generic", lint: []string{"url-syntax"}},
		{target: "rtmp://user:pa55word@live.example.com/live/x", host: "live.example.com", endpoints: "1935 rtmp", app: "live", stream: "x", redacted: "rtmp://****:****@live.example.com/live/****", by: "generic"},
		{target: "rtmp://[2606:4700::1111]:1935/live/x", host: "2606:4700::1111", endpoints: "1935 rtmp", app: "live", stream: "x", redacted: "rtmp://[2606:4700::1111]:1935/live/****", by: "generic"},
		{target: "rtmp://live.example.com/live2?backup=1/mykey-12345", host: "live.example.com", endpoints: "1935 rtmp", app: "live2?backup=1", stream: "mykey-12345", redacted: "rtmp://live.example.com/live2?backup=1/****", by: "generic"},
		{target: "rtmp://" + azure + ":1935/live/" + token + "/stream1", host: azure, endpoints: "1935 rtmp", app: "live/" + token, stream: "stream1", redacted: "rtmp://" + azure + ":1935/live/****/****", by: "azure-live-encoding", lint: []string{"url-retired"}},
		{target: "rtmp://" + azure + ":2935/live/" + token + "/stream1", host: azure, endpoints: "2935 rtmp", app: "live/" + token, stream: "stream1", redacted: "rtmp://" + azure + ":2935/live/****/****", by: "azure-live-encoding", lint: []string{"url-port-scheme", "url-retired"}},
		{target: "rtmps://a.rtmps.youtube.com/live2", key: "abcd-efgh-ijkl-mnop-qrst", host: "a.rtmps.youtube.com", endpoints: "443 rtmps", app: "live2", stream: "abcd-efgh-ijkl-mnop-qrst", redacted: "rtmps://a.rtmps.youtube.com/live2", by: "youtube"},
		{target: "rtmp://media.example.com/some/long/path", profile: "mediamtx", host: "media.example.com", endpoints: "1935 rtmp", app: "some", stream: "long/path", redacted: "rtmp://media.example.com/****", by: "mediamtx"},
		{target: "\u201crtmp://live.example.com/live/mykey-12345\u201d", host: "live.example.com", endpoints: "1935 rtmp", app: "live", stream: "mykey-12345", by: "generic", lint: []string{"url-characters"}},
		{target: "rmtp://live.example.com/live/mykey-12345", host: "live.example.com", endpoints: "1935 rtmp", app: "live", stream: "mykey-12345", redacted: "rmtp://live.example.com/live/****", by: "generic", lint: []string{"url-scheme"}},
	} {
		t.Run(tt.target, func(t *testing.T) {
			plan, err := p.Plan(Request{Target: tt.target, Key: tt.key, Profile: tt.profile})
			if err != nil {
				t.Fatal(err)
			}
			var ends []string
			for _, e := range plan.Endpoints {
				ends = append(ends, fmt.Sprint(e.Port, " ", e.Scheme))
			}
			if got := strings.Join(ends, ", "); plan.Host != tt.host || got != tt.endpoints || plan.Profile.ID != tt.by {
				t.Errorf("host %q, %s, profile %s", plan.Host, got, plan.Profile.ID)
			}
			if plan.link.app != tt.app || plan.link.stream != tt.stream {
				t.Errorf("app %q, stream %q", plan.link.app, plan.link.stream)
			}
			if tt.redacted != "" && plan.Redacted != tt.redacted {
				t.Errorf("redacted %q", plan.Redacted)
			}
			var lint []string
			for i := range plan.Lint {
				f := &plan.Lint[i]
				if !slices.Contains(lint, f.Rule) {
					lint = append(lint, f.Rule)
				}
				if f.Span != nil && (f.Span.Start < 0 || f.Span.End > len(plan.Redacted) || f.Span.Start > f.Span.End) {
					t.Errorf("%s at %+v of %q", f.Rule, f.Span, plan.Redacted)
				}
			}
			slices.Sort(lint)
			if !slices.Equal(lint, tt.lint) {
				t.Errorf("lint %v, want %v", lint, tt.lint)
			}
			for _, secret := range []string{"mykey-12345", "abcdef", "pa55word", token, "ijkl"} {
				b, _ := json.Marshal([]any{plan.Host, plan.Redacted, plan.Lint, plan.ID})
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("%s is in the plan: %s", secret, b)
				}
			}
		})
	}
}

func TestPlanErrors(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	for _, tt := range []struct {
		req   Request
		field string
		says  string
	}{
		{Request{}, "target", "Give an ingest URL"},
		{Request{Target: "  "}, "target", "Give an ingest URL"},
		{Request{Target: "srt://live.example.com:9000"}, "target", "Only rtmp and rtmps"},
		{Request{Target: "https://live.example.com/watch"}, "target", "Only rtmp and rtmps"},
		{Request{Target: "rtmp:///live/x"}, "target", ""},
		{Request{Target: "live.example.com:0"}, "target", "no number from 1 to 65535"},
		{Request{Target: "live.example.com:99999"}, "target", "no number from 1 to 65535"},
		{Request{Target: "live.example.com:rtmp"}, "target", "no number from 1 to 65535"},
		{Request{Target: "abcd-efgh-ijkl-mnop-qrst"}, "target", "looks like a stream key"},
		{Request{Target: "live..example.com"}, "target", "a part that is empty"},
		{Request{Target: "live example com"}, "target", "cannot have"},
		{Request{Target: "a\x00b.example.com"}, "target", "cannot have"},
		{Request{Target: strings.Repeat("a", 64) + ".com"}, "target", "longer than 63"},
		{Request{Target: strings.Repeat("x", 20000)}, "target", "16 kB"},
		{Request{Target: "live.example.com", Profile: "nope"}, "profile", "no profile"},
		{Request{Target: "live.example.com", Publish: true}, "target", "whole URL"},
		{Request{Target: "rtmp://live.example.com/live", Publish: true}, "key", "give the stream key"},
	} {
		plan, err := p.Plan(tt.req)
		var input *InputError
		if !errors.As(err, &input) || input.Field != tt.field || !strings.Contains(input.Text, tt.says) {
			t.Errorf("%.60q: %+v, %v", tt.req.Target, plan, err)
		}
	}
}

// The same probe has the same id, and only that.
func TestPlanID(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	id := func(req Request) string {
		plan, err := p.Plan(req)
		if err != nil {
			t.Fatal(err)
		}
		return plan.ID
	}
	a := Request{Target: "rtmp://live.example.com/live/key-one-1", Publish: true}
	if id(a) != id(Request{Target: " rtmp://LIVE.example.com/live", Key: "key-one-1", Publish: true}) {
		t.Error("the same probe has two ids")
	}
	seen := map[string]bool{id(a): true}
	for _, req := range []Request{
		{Target: "rtmp://live.example.com/live/key-one-1"},
		{Target: "rtmp://live.example.com/live/key-one-2", Publish: true},
		{Target: "rtmps://live.example.com/live/key-one-1", Publish: true},
		{Target: "rtmp://live.example.com:1936/live/key-one-1", Publish: true},
		{Target: "rtmp://live.example.com/live/key-one-1", Publish: true, Enhanced: true},
		{Target: "rtmp://live.example.com/live/key-one-1", Publish: true, Profile: "youtube"},
		{Target: "live.example.com"},
	} {
		if seen[id(req)] {
			t.Errorf("%+v has another's id", req)
		}
		seen[id(req)] = true
	}
	if other, err := New(Config{}).Plan(a); err != nil || other.ID == id(a) {
		t.Error("an id can be made elsewhere")
	}
}

// A host alone is asked on several ports: those that do not answer are worth a
// note where one does.
func TestHostAlone(t *testing.T) {
	t.Parallel()
	addr := serve(t, healthy)
	_, port, _ := net.SplitHostPort(addr)
	p := testProber(t)
	plan, err := p.Plan(Request{Target: addr})
	if err != nil {
		t.Fatal(err)
	}
	closed := freePorts(t, 2)
	plan.Endpoints = append(plan.Endpoints, Endpoint{closed[0], "rtmp"}, Endpoint{closed[1], "rtmps"})
	r := p.Run(t.Context(), plan, nil)
	if r.Verdict.Errors != 0 || r.Verdict.Warnings != 0 || r.Verdict.Infos != 2 || len(r.Ladders) != 3 {
		t.Errorf("%+v, %v", r.Verdict, messages(r))
	}
	if want := "The server is there and speaks RTMP; whether it accepts an application was not tried."; r.Verdict.Headline != want {
		t.Errorf("headline %q", r.Verdict.Headline)
	}
	if g := rungOf(t, r, Connect); g.State != Skipped || !strings.Contains(g.Detail, "names no application") || r.Ladders[0].State != OK {
		t.Errorf("connect is %s: %s", g.State, g.Detail)
	}
	_ = port

	// None answers: an error each, and the ladder that got furthest is the headline.
	silent := serve(t, func(_ int, c *net.TCPConn) { hold(c) })
	_, silentPort, _ := net.SplitHostPort(silent)
	plan, err = p.Plan(Request{Target: silent})
	if err != nil {
		t.Fatal(err)
	}
	plan.Endpoints = append([]Endpoint{{closed[0], "rtmp"}}, plan.Endpoints...)
	p = testProber(t, withLimits(short(Handshake)))
	r = p.Run(t.Context(), plan, nil)
	if r.Verdict.Errors != 2 || r.Findings[0].Rule != "probe-not-rtmp" || !strings.Contains(r.Verdict.Headline, silentPort) {
		t.Errorf("%q, %v", r.Verdict.Headline, messages(r))
	}
}

// What a server says cannot steer a terminal or a page, nor give the key away,
// however it is written.
func TestHostileText(t *testing.T) {
	t.Parallel()
	const key = "s3cr3t k3y/äöü?txSecret=0123456789abcdef&x=1"
	s := newSecrets(key, "0123456789abcdef")
	for in, want := range map[string]string{
		"plain":                             "plain",
		"a\x1b[31mred\x07":                  `a\x1b[31mred\a`,
		"tab\tnew\nline\rback\x00":          `tab\tnew\nline\rback\x00`,
		"right\u202eleft\u2066\ufeff":       `right\u202eleft\u2066\ufeff`,
		"<script>alert(1)</script>":         "<script>alert(1)</script>",
		"bad \xff\xfe utf-8":                `bad \xff\xfe utf-8`,
		"del\x7f c1\u0085":                  `del\x7f c1\u0085`,
		"key " + key + " end":               "key **** end",
		"S3CR3T K3Y/ÄÖÜ is busy":            "**** is busy",
		"s3cr3t%20k3y%2F%C3%A4%C3%B6%C3%BC": "****",
		"[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=xyz123": "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=****",
		"sig 0123456789ABCDEF": "sig ****",
	} {
		if got := s.show(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
	if got := s.show(strings.Repeat("x", 8*most-8) + "0123456789abcdef"); strings.Contains(got, "0123") {
		t.Errorf("a secret across the cut: %q", got[len(got)-20:])
	}
	if got := visible(strings.Repeat("\U0001F600", 5000)); len([]rune(got)) != most+3 {
		t.Errorf("%d characters", len([]rune(got)))
	}
	// A short key is masked as a word, and does not blot out everything.
	if got := newSecrets("live").show("live stream in delivery, /live/live"); got != "**** stream in delivery, /****/****" {
		t.Errorf("%q", got)
	}
}

func TestResultJSON(t *testing.T) {
	t.Parallel()
	addr := serve(t, after(1, func(p *peer) {
		p.reply(0, "_error", 1, rtmp.Null(), statusObject("error", "NetConnection.Connect.Rejected", "</script><script>alert(1)"))
	}))
	r := probeIt(t, testProber(t), Request{Target: "rtmp://" + addr + "/live"})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(b, "<>") {
		t.Error("the JSON cannot stand inside a page")
	}
	var back Result
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("read back it is another: %v\n%s\n%s", err, b, again)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"format", "kind", "verdict", "findings", "target", "vantage", "started", "took_ms", "ladders"} {
		if members[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

// The second checks are facts and change nothing: Enhanced RTMP, digest.
func TestEnhanced(t *testing.T) {
	t.Parallel()
	serveWith := func(answer func(p *peer, asked bool)) string {
		return serve(t, func(_ int, c *net.TCPConn) {
			p, ok := shake(c)
			if !ok {
				return
			}
			cmd, ok := p.command()
			if !ok {
				return
			}
			_, asked := cmd.Args[0].Get("fourCcList")
			answer(p, asked)
			hold(c)
		})
	}
	success := statusObject("status", "NetConnection.Connect.Success", "ok")
	for _, tt := range []struct {
		name, want string
		answer     func(p *peer, asked bool)
	}{
		{"named", "named: av01, hvc1", func(p *peer, asked bool) {
			o := rtmp.Object("fmsVer", "X")
			if asked {
				o.Props = append(o.Props, flv.AMFProperty{Name: "fourCcList", Value: flv.AMFValue{Kind: flv.AMFStrictArray, Items: []flv.AMFValue{flv.Str("av01"), flv.Str("hvc1")}}})
			}
			p.reply(0, "_result", 1, o, success)
		}},
		{"ignored", "does not mean", func(p *peer, _ bool) { p.reply(0, "_result", 1, rtmp.Object("fmsVer", "X"), success) }},
		{"never answered", "gets no answer", func(p *peer, asked bool) {
			if !asked {
				p.reply(0, "_result", 1, rtmp.Object("fmsVer", "X"), success)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := serveWith(tt.answer)
			r := probeIt(t, testProber(t), Request{Target: "rtmp://" + addr + "/live", Enhanced: true})
			g := rungOf(t, r, Connect)
			if got := factOf(g, "enhanced"); g.State != OK || !strings.Contains(got, tt.want) {
				t.Errorf("connect %s, enhanced %q", g.State, got)
			}
			if len(r.Findings) != 0 {
				t.Errorf("found %v", messages(r))
			}
			if got := factOf(rungOf(t, r, Handshake), "digest"); !strings.HasPrefix(got, "no: ") {
				t.Errorf("digest %q", got)
			}
		})
	}
}

// Quotas by address stand before the socket.
func TestAdmit(t *testing.T) {
	t.Parallel()
	p := testProber(t)
	w := watch(t, p)
	w.listen(t)
	p.cfg.Admit = func(a netip.Addr) error {
		return errors.New("too many probes of " + a.String() + " in the last minute")
	}
	r := probeIt(t, p, Request{Target: fmt.Sprintf("rtmp://127.0.0.1:%d/live", w.port)})
	if g := rungOf(t, r, TCP); g.State != Skipped || !strings.HasPrefix(g.Detail, "Too many probes of 127.0.0.1") || r.Ladders[0].State != Skipped {
		t.Errorf("tcp is %s: %s", g.State, g.Detail)
	}
	w.nothing(t, "admit")
}
