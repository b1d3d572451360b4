package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/explain"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/wasm/worker"
)

const paste = "12:00:01.000: [rtmp stream: 'adv_stream'] Connecting to RTMP URL rtmp://live.example.com/app...\r\n" +
	"12:00:02.000: key is rtmp://live.example.com/app/secret-key-4711?sign=abcdef0123456789\r\n"

// put writes texts as the worker does.
func put(t *testing.T, s *session, texts ...string) {
	t.Helper()
	all := strings.Join(texts, "")
	if !s.Room(len(all), maxBuffer) {
		t.Fatalf("no room for %d bytes", len(all))
	}
	copy(s.In, all)
}

func read(t *testing.T, s *session, text, profileID, name string, chunk int) []byte {
	t.Helper()
	put(t, s, profileID, name)
	if n := s.open(len(profileID), len(name), int64(len(text))); n < 0 {
		t.Fatalf("open: %d", n)
	}
	for rest := text; rest != ""; {
		n := min(chunk, len(rest))
		put(t, s, rest[:n])
		if s.write(n) != n {
			t.Fatal("write")
		}
		rest = rest[n:]
	}
	n := s.end(0, 0)
	if n <= 0 || n != len(s.Out) {
		t.Fatalf("end: %d of %d bytes", n, len(s.Out))
	}
	return bytes.Clone(s.Out)
}

// The program gives what the core gives, whatever the chunks.
func TestSameAsDirect(t *testing.T) {
	for _, id := range []string{"", "azure-live-encoding"} {
		o := explain.Options{Name: "a.log", Tool: diag.Tool{Name: "ingestdoctor", Version: "v1", RuleSet: rules.RuleSet}}
		if id != "" {
			o.Profile, _ = profile.ByID(id)
		}
		want := explain.Explain(paste, o).JSON()
		for _, chunk := range []int{1, 7, 1 << 16} {
			var s session
			put(t, &s, "v1")
			s.Named(2)
			if got := read(t, &s, paste, id, "a.log", chunk); !bytes.Equal(got, want) {
				t.Errorf("profile %q, chunks of %d:\n%s\nwant\n%s", id, chunk, got, want)
			}
		}
	}
}

// Each part keeps its own report, and masks by itself.
func TestParts(t *testing.T) {
	var s session
	for i, name := range []string{"one.log", "two.log"} {
		put(t, &s, name)
		if n := s.open(0, len(name), -1); n != i {
			t.Fatalf("part %d got number %d", i, n)
		}
		put(t, &s, paste)
		s.write(len(paste))
		if n := s.end(0, 0); n <= 0 || !strings.Contains(string(s.Out), name) {
			t.Fatalf("%d: %s", n, s.Out)
		}
	}
	for part := range 2 {
		put(t, &s, paste)
		n := s.mask(part, len(paste))
		if n <= 0 {
			t.Fatalf("mask: %d", n)
		}
		got := string(s.Out[:n])
		if strings.Contains(got, "secret-key-4711") || strings.Contains(got, "abcdef0123456789") {
			t.Errorf("not masked: %s", got)
		}
		if strings.Count(got, "\r\n") != 2 || !strings.HasPrefix(got, "12:00:01.000: [rtmp stream: 'adv_stream']") {
			t.Errorf("the lines changed: %q", got)
		}
		if bytes.Contains(s.In, []byte("secret-key-4711")) {
			t.Error("the buffer still holds the key")
		}
	}
	if s.forget() != 0 || s.mask(0, 0) != worker.BadCall || bytes.Contains(s.Out[:cap(s.Out)], []byte("example")) {
		t.Error("not forgotten")
	}
}

func TestBadCalls(t *testing.T) {
	var s session
	if s.write(0) != worker.BadCall || s.end(0, 0) != worker.BadCall || s.mask(0, 0) != worker.BadCall {
		t.Error("nothing is open")
	}
	if s.open(4, 0, 0) != worker.BadCall || s.Room(-1, maxBuffer) || s.Room(maxBuffer+1, maxBuffer) || s.Named(5) != worker.BadCall {
		t.Error("a length beyond the buffer")
	}
	put(t, &s, "no-such-platform")
	if s.open(16, 0, 0) != worker.BadCall {
		t.Error("an unknown profile")
	}
	if s.open(0, 3, -1) != 0 || s.end(3, 0) != worker.BadCall || s.end(-1, 0) != worker.BadCall {
		t.Error("an unknown end")
	}
	put(t, &s, "Cut off.")
	if n := s.end(2, 8); n <= 0 || !strings.Contains(string(s.Out), `"state":"failed"`) || !strings.Contains(string(s.Out), "Cut off.") {
		t.Errorf("%s", s.Out)
	}
	if s.end(0, 0) != worker.BadCall {
		t.Error("ended twice")
	}
	for range maxParts - 1 {
		s.open(0, 0, -1)
	}
	if s.open(0, 0, -1) != worker.BadCall {
		t.Error("more parts than allowed")
	}
}

func TestAbout(t *testing.T) {
	var s session
	n := s.about()
	var about struct {
		Profiles []diag.Profile
		Default  string
	}
	if err := json.Unmarshal(s.Out[:n], &about); err != nil {
		t.Fatal(err)
	}
	if len(about.Profiles) != len(profile.All()) || about.Default != profile.Default().ID {
		t.Errorf("%+v", about)
	}
	for _, p := range about.Profiles {
		if p.ID == "" || p.Name == "" || len(p.Limits) == 0 {
			t.Errorf("%+v", p)
		}
	}
}
