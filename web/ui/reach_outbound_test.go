package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// drawOutbound is the section as HTML.
func drawOutbound(c *reachPage) string { return app.HTMLString(c.outbound()) }

// Each state has its word, its meaning and what to do; what a stranger said is
// text.
func TestOutboundStates(t *testing.T) {
	stranger := strings.ReplaceAll(hostile, `\u0007`, "\u0007")
	c := &reachPage{ports: "1935,2935", live: true}
	if s := drawOutbound(c); !strings.Contains(s, `data-port="1935" data-state="waiting"`) || !strings.Contains(s, `data-port="2936" data-state="absent"`) ||
		!strings.Contains(s, "Nothing runs by itself") || strings.Contains(s, " disabled") {
		t.Errorf("before it begins: %s", s)
	}
	for _, tt := range []struct {
		port  string
		host  string
		says  []string
		class string
	}{
		{`{"port":1935,"state":"open","ms":12,"detail":"We answered."}`, "a.example", []string{"We answered.", "Open from your network: 1935.", "12 ms"}, "passed"},
		{`{"port":1935,"state":"blocked","ms":8000}`, "a.example", []string{"Nothing gets through from your network: 1935 (blocked)."}, "error"},
		{`{"port":1935,"state":"refused","ms":2}`, "a.example", []string{"1935 (refused)"}, "error"},
		{`{"port":1935,"state":"intercepted","ms":2,"detail":"` + strings.ReplaceAll(hostile, `"`, "") + `"}`, "a.example", []string{"&lt;img"}, "error"},
		{`{"port":2935,"state":"unclear","ms":2,"detail":"It ended."}`, "a.example", []string{`href="https://a.example:2935/"`}, "error"},
		{`{"port":2935,"state":"unclear","ms":2,"detail":"It ended."}`, "a.example/x?y", []string{"2935 (no connection)"}, "error"},
		{`{"port":2935,"state":"tls"}`, "a.example", []string{"TLS fails on 2935"}, "warning"},
		{`{"port":2935,"state":"reached"}`, "a.example", []string{"2935 (no way back)"}, "error"},
		{`{"port":6000,"state":"barred"}`, "a.example", []string{"None of our ports can be tried"}, "warning"},
		{`{"port":2935,"state":"notls"}`, "a.example", []string{"None of our ports can be tried"}, "warning"},
	} {
		c.out = OutboundCheck{}
		c.tellOutbound(fmt.Sprintf(`{"state":"done","host":%q,"wait_ms":8000,"ports":[%s]}`, tt.host, tt.port))
		s := drawOutbound(c)
		for _, want := range tt.says {
			if !strings.Contains(s, want) {
				t.Errorf("%s: no %q in %s", tt.port, want, s)
			}
		}
		if !strings.Contains(s, "callout--"+tt.class) {
			t.Errorf("%s: class %s: %s", tt.port, tt.class, s)
		}
		// in an attribute it is text whatever it holds
		s = regexp.MustCompile(`data-ticket="[^"]*"`).ReplaceAllString(s, "")
		if strings.Contains(s, stranger) || strings.Contains(s, "<img") || strings.Contains(s, "x?y") && strings.Contains(s, `href="https://a.example/x`) {
			t.Errorf("a stranger's text became HTML: %s", s)
		}
		if c.status == "" || !strings.Contains(s, c.status) {
			t.Errorf("announced: %q", c.status)
		}
	}
}

// The ticket has the check, and no key is anywhere.
func TestOutboundTicket(t *testing.T) {
	c := &reachPage{ports: "1935,2935,443", live: true}
	c.desk.Input = "rtmp://live.example.com/app/SECRETKEY"
	c.tellOutbound(`{"state":"done","host":"a.example","wait_ms":8000,"ports":[` +
		`{"port":1935,"state":"blocked"},{"port":2935,"state":"intercepted","detail":"a | b"},{"port":443,"state":"open","ms":3}]}`)
	s := drawOutbound(c)
	for _, want := range []string{`data-to="live.example.com"`, "Open from your network: 443. Not open: 1935 (blocked), 2935 (intercepted)."} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in %s", want, s)
		}
	}
	if strings.Contains(s, "SECRET") {
		t.Error("the key is in it")
	}
	if m := c.out.markdown(); !strings.Contains(m, "| 1935 | Blocked |") || !strings.Contains(m, `a \| b`) || !strings.Contains(m, "From the visitor") {
		t.Errorf("Markdown: %s", m)
	}
	for state, want := range map[string]string{
		`"refused","title":"Too many","problem":"Wait."`: "Too many. Wait.",
		`"lost"`:  "does not answer",
		`"stale"`: "Reload it",
	} {
		c.tellOutbound(`{"state":` + state + `}`)
		if s := drawOutbound(c); !strings.Contains(s, want) || c.out.markdown() != "" {
			t.Errorf("%s: %s", state, s)
		}
	}
	c.ports = ""
	if s := drawOutbound(c); !strings.Contains(s, "does not listen") || strings.Contains(s, "<button") || strings.Contains(s, "data-port") {
		t.Errorf("without ports: %s", s)
	}
}
