package rtmp

import (
	"errors"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
)

func TestDecodeCommand(t *testing.T) {
	connect := AppendCommand("connect", 1, Object("app", "live", "capsEx", 14.0), Object("code", "x"))
	for _, c := range []struct {
		name string
		m    Message
		text string
		err  string
	}{
		{"AMF0", Message{Type: CommandAMF0, Body: connect}, `connect(1) {app: "live", capsEx: 14} {code: "x"}`, ""},
		{"AMF3 around AMF0", Message{Type: CommandAMF3, Body: append([]byte{0}, connect...)}, `connect(1) {app: "live", capsEx: 14} {code: "x"}`, ""},
		{"AMF3 without the leading 0", Message{Type: CommandAMF3, Body: connect}, `connect(1) {app: "live", capsEx: 14} {code: "x"}`, ""},
		{"cut in the object", Message{Type: CommandAMF0, Body: connect[:25]}, `connect(1) {}`, ""},
		{"a name alone", Message{Type: CommandAMF0, Body: flv.AppendAMF0(nil, flv.Str("x"))}, "x(0)", ""},
		{"nothing", Message{Type: CommandAMF0}, "", "without a name"},
		{"a number first", Message{Type: CommandAMF0, Body: flv.AppendAMF0(nil, flv.Num(1))}, "", "without a name"},
		{"no AMF0", Message{Type: CommandAMF0, Body: []byte{0x77, 1}}, "", "not AMF0"},
		{"too long", Message{Type: CommandAMF0, Body: make([]byte, MaxCommand+1)}, "", "65537 bytes"},
		{"nested deep", Message{Type: CommandAMF0, Body: append(AppendCommand("x", 1), []byte(strings.Repeat("\x03\x00\x01a", 10000))...)}, "x(1)", ""},
	} {
		cmd, err := DecodeCommand(&c.m)
		var bad *Error
		switch {
		case c.err != "":
			if !errors.As(err, &bad) || !strings.Contains(bad.Why, c.err) {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !strings.HasPrefix(cmd.String(), c.text):
			t.Errorf("%s: %s", c.name, cmd)
		}
	}
}

func TestStatus(t *testing.T) {
	redirect := Object("level", "error", "code", "NetConnection.Connect.Rejected", "description", "moved")
	redirect.Props = append(redirect.Props, flv.AMFProperty{Name: "ex", Value: Object("code", 302.0, "redirect", "rtmp://x/y")})
	for _, c := range []struct {
		args []flv.AMFValue
		want Status
	}{
		{[]flv.AMFValue{Null(), Object("level", "status", "code", "NetStream.Publish.Start", "description", "go")}, Status{"status", "NetStream.Publish.Start", "go", ""}},
		{[]flv.AMFValue{Null(), Object("code", "a", "details", "why")}, Status{"", "a", "why", ""}},
		{[]flv.AMFValue{Null(), flv.Str("in words")}, Status{"", "", "in words", ""}},
		{[]flv.AMFValue{Null(), redirect}, Status{"error", "NetConnection.Connect.Rejected", "moved", "rtmp://x/y"}},
		{[]flv.AMFValue{Object("fmsVer", "x")}, Status{}},
		{nil, Status{}},
	} {
		cmd := Command{Name: "onStatus", Args: c.args}
		if got := cmd.Status(); got != c.want {
			t.Errorf("%s: %+v", cmd.String(), got)
		}
	}
	cmd := Command{Args: []flv.AMFValue{Null(), Object("a", 1.5, "b", "x"), flv.Str("t")}}
	if v, ok := cmd.Property("a"); !ok || v != "1.5" {
		t.Error(v, ok)
	}
	if v, ok := cmd.Property("b"); !ok || v != "x" {
		t.Error(v, ok)
	}
	if _, ok := cmd.Property("c"); ok {
		t.Error("a property that is not there")
	}
	if cmd.Text(2) != "t" || cmd.Text(0) != "" || cmd.Text(9) != "" {
		t.Error("Text")
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, größe":            "plain text, größe",
		"\x1b[2J\u202egpj":             `\x1b[2J\u202egpj`,
		"\xff\n":                       `\xff\n`,
		strings.Repeat("x", MaxText+1): strings.Repeat("x", MaxText) + "...",
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
