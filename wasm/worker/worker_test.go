package worker

import (
	"bytes"
	"encoding/json"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

func TestRoom(t *testing.T) {
	var s Session
	for _, n := range []int{-1, 65} {
		if s.Room(n, 64) {
			t.Errorf("room for %d of 64 bytes", n)
		}
	}
	if !s.Room(64, 64) || len(s.In) != 64 {
		t.Fatalf("%d bytes", len(s.In))
	}
	first := &s.In[0]
	if !s.Room(8, 64) || len(s.In) != 64 || &s.In[0] != first {
		t.Error("the buffer moved or shrank")
	}
	for _, n := range []int{-1, 65} {
		if _, ok := s.Taken(n); ok {
			t.Errorf("%d of 64 bytes taken", n)
		}
	}
	if p, ok := s.Taken(3); !ok || len(p) != 3 || &p[0] != first {
		t.Error("taken from elsewhere")
	}
}

func TestForget(t *testing.T) {
	s := Session{In: []byte("secret"), Out: []byte("secret, longer")[:2]}
	s.Forget()
	if bytes.Contains(s.In, []byte("s")) || bytes.ContainsAny(s.Out[:cap(s.Out)], "secrt") {
		t.Errorf("%q %q", s.In, s.Out[:cap(s.Out)])
	}
}

func TestNamed(t *testing.T) {
	var s Session
	if s.Named(1) != BadCall || s.Named(-1) != BadCall || s.Tool != (diag.Tool{}) {
		t.Error("a name beyond the buffer")
	}
	s.Room(8, 8)
	if n := s.Named(copy(s.In, "1.2.3")); n != 0 || s.Tool != (diag.Tool{Name: "ingestdoctor", Version: "1.2.3", RuleSet: rules.RuleSet}) {
		t.Errorf("%d %+v", n, s.Tool)
	}
}

func TestAbout(t *testing.T) {
	var s Session
	n := s.About("1.2.3")
	var about struct {
		Version  string
		Profiles []diag.Profile
		Default  string
	}
	if err := json.Unmarshal(s.Out[:n], &about); err != nil {
		t.Fatalf("%v in %s", err, s.Out[:n])
	}
	if about.Version != "1.2.3" || about.Default != profile.Default().ID || len(about.Profiles) != len(profile.All()) {
		t.Errorf("%s %s %d", about.Version, about.Default, len(about.Profiles))
	}
	for i, p := range about.Profiles {
		if want := profile.All()[i].Info(); p.ID != want.ID || p.Name != want.Name || len(p.Limits) != len(want.Limits) {
			t.Errorf("%s: %d limits, want %s with %d", p.ID, len(p.Limits), want.ID, len(want.Limits))
		}
	}
}

func TestGuard(t *testing.T) {
	resets := 0
	reset := func() { resets++ }
	if n := Guard(func() int { return 7 }, reset); n != 7 || resets != 0 {
		t.Errorf("%d, reset %d times", n, resets)
	}
	if n := Guard(func() int { panic("ours") }, reset); n != Panicked || resets != 1 {
		t.Errorf("%d, reset %d times", n, resets)
	}
}
