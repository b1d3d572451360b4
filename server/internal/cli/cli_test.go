package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

func healthy() []byte { return flvtest.Healthy(10, 30, 2).Bytes() }

// broken has no key frame for 20 s.
func broken() []byte { return flvtest.Healthy(30, 30, 20).Bytes() }

func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// call runs the command and gives its exit status, output and complaints.
func call(ctx context.Context, o FLVOptions) (code int, out, complaints string) {
	var stdout, stderr bytes.Buffer
	if o.Profile == "" {
		o.Profile = "generic"
	}
	o.Stdout, o.Stderr = &stdout, &stderr
	code = FLV(ctx, o)
	return code, stdout.String(), stderr.String()
}

func TestExitStatus(t *testing.T) {
	folder := t.TempDir()
	secret := file(t, "secret.flv", healthy())
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		o       FLVOptions
		code    int
		out     string // the report holds this; empty: there is none
		complai string // standard error holds this; empty: it is silent
	}{
		{"healthy", FLVOptions{File: file(t, "a.flv", healthy())}, 0, "Nothing in this recording", ""},
		{"broken", FLVOptions{File: file(t, "a.flv", broken())}, 1, "keyframe-interval", ""},
		{"a pipe", FLVOptions{File: "-", Stdin: bytes.NewReader(healthy())}, 0, "standard input", ""},
		{"a broken pipe of text", FLVOptions{File: "-", Stdin: strings.NewReader("<!doctype html>")}, 1, "flv-signature", ""},
		{"empty", FLVOptions{File: file(t, "a.flv", nil)}, 1, "flv-signature", ""},
		{"nine bytes", FLVOptions{File: file(t, "a.flv", healthy()[:9])}, 1, "flv-empty", ""},
		{"noise", FLVOptions{File: file(t, "a.flv", flvtest.NewHeader(1, 5, 9).Garbage(100_000).Bytes())}, 1, "flv-garbage", ""},
		{"not there", FLVOptions{File: folder + "/nothing.flv"}, 2, "", "there is no file"},
		{"a folder", FLVOptions{File: folder}, 2, "", "is a folder"},
		{"no such profile", FLVOptions{File: file(t, "a.flv", healthy()), Profile: "nothing"}, 2, "", "there is no profile nothing"},
		{"a pipe that fails at once", FLVOptions{File: "-", Stdin: failing{}}, 2, "", "cannot be read"},
		{"a pipe that fails later", FLVOptions{File: "-", Stdin: io.MultiReader(bytes.NewReader(healthy()[:9000]), failing{})}, 2, "Not read to its end", "Reading failed after 9,000 bytes"},
	}
	if os.Getuid() != 0 {
		tests = append(tests, struct {
			name    string
			o       FLVOptions
			code    int
			out     string
			complai string
		}{"not allowed", FLVOptions{File: secret}, 2, "", "may not be read"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out, complaints := call(t.Context(), tt.o)
			if code != tt.code {
				t.Errorf("exit status %d, want %d\n%s%s", code, tt.code, out, complaints)
			}
			if tt.out == "" && out != "" || !strings.Contains(out, tt.out) {
				t.Errorf("%q is not in the report:\n%s", tt.out, out)
			}
			if tt.complai == "" && complaints != "" || !strings.Contains(complaints, tt.complai) {
				t.Errorf("standard error: %q, want %q", complaints, tt.complai)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is on fire") }

func TestReport(t *testing.T) {
	_, out, _ := call(t.Context(), FLVOptions{File: file(t, "late.flv", broken()), Profile: "facebook"})
	for _, want := range []string{
		"late.flv", "Facebook Live (facebook)", "Facebook would refuse this", "error   keyframe-interval  at 0:",
		"20.0 s", "Set the key frame interval", "documented by the platform", "H.264", "Rules:",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours in a file")
	}
	if strings.Contains(out, "late.flv/") || strings.Contains(out, os.TempDir()) {
		t.Error("the report names folders")
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(line)); n > width+30 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
}

// A platform's own codes come first; those of others are only a few.
func TestShowsAs(t *testing.T) {
	f := &diag.Finding{Links: []diag.Link{
		{Platform: "twitch", Code: "HIGH_KEY_FRAME_INTERVAL"},
		{Platform: "twitch", Code: "log:x", Title: "a message"},
		{Platform: "youtube-live", Code: "gopSizeLong"},
		{Platform: "mux", Code: "1"},
		{Platform: "srs", Code: "2"},
		{Platform: "srs", Code: "3"},
	}}
	if got, want := showsAs(f, "twitch"), "HIGH_KEY_FRAME_INTERVAL, a message"; got != want {
		t.Errorf("own platform: %q, want %q", got, want)
	}
	if got, want := showsAs(f, "facebook-live"), "HIGH_KEY_FRAME_INTERVAL (twitch), a message (twitch), gopSizeLong (youtube-live), and 3 more on other platforms"; got != want {
		t.Errorf("another: %q, want %q", got, want)
	}
	if got := showsAs(&diag.Finding{}, "twitch"); got != "" {
		t.Errorf("none: %q", got)
	}
}

func TestColours(t *testing.T) {
	var b bytes.Buffer
	r := &diag.Report{Findings: []diag.Finding{{Rule: "flv-empty", Severity: diag.Error}}, Verdict: diag.Verdict{Severity: diag.Error, Headline: "no"}}
	writeReport(report{&b, true}, r)
	if out := b.String(); !strings.Contains(out, "\x1b[1;31mno\x1b[0m") || !strings.Contains(out, "error") {
		t.Errorf("%q", out)
	}
}

// A file's name and metadata cannot steer the terminal.
func TestHostileText(t *testing.T) {
	var b bytes.Buffer
	evil := "x\x1b]0;owned\x07\x1b[2J\u202e.flv"
	writeReport(report{w: &b}, &diag.Report{
		Input:   diag.Input{Name: evil, Read: 1, Detail: evil},
		Verdict: diag.Verdict{Headline: evil, Next: evil},
		Media:   &diag.Summary{Encoder: evil, Tracks: []diag.Track{{Kind: "video", Codec: evil}}},
		Findings: []diag.Finding{{
			Rule: "flv-empty", Severity: diag.Warning, Message: evil, Links: []diag.Link{{Code: evil}},
			Place: diag.Place{Media: &diag.Media{Track: evil}},
		}},
	})
	if out := b.String(); strings.ContainsAny(out, "\x1b\x07\u202e") || !strings.Contains(out, "owned") {
		t.Errorf("%q", out)
	}
}

func TestJSON(t *testing.T) {
	code, out, _ := call(t.Context(), FLVOptions{File: file(t, "late.flv", broken()), JSON: true, Profile: "facebook"})
	if code != ExitFindings {
		t.Errorf("exit status %d", code)
	}
	var r struct {
		Format, Kind string
		Profile      struct{ ID string }
		Input        struct {
			Name  string
			Bytes int64
			Read  int64 `json:"bytes_read"`
			State string
		}
		Findings []map[string]any
	}
	dec := json.NewDecoder(strings.NewReader(out))
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %.200s", err, out)
	}
	if dec.More() {
		t.Error("more than one document")
	}
	if r.Format != diag.Format || r.Profile.ID != "facebook" || r.Input.Name != "late.flv" || r.Input.State != diag.StateComplete ||
		r.Input.Bytes != int64(len(broken())) || r.Input.Read != r.Input.Bytes {
		t.Errorf("%+v", r)
	}
	found := false
	for _, f := range r.Findings {
		for _, key := range []string{"rule", "severity", "message", "offset", "timestamp_ms", "count", "args", "codes", "doc_url"} {
			if _, ok := f[key]; !ok {
				t.Errorf("%v lacks %s", f["rule"], key)
			}
		}
		found = found || f["rule"] == "keyframe-interval" && f["severity"] == "error"
	}
	if !found {
		t.Errorf("no keyframe-interval in %.500s", out)
	}
}

// The same bytes give the same report, whether from a file or through a pipe
// that hands over a byte at a time.
func TestPipeIsFile(t *testing.T) {
	content := broken()
	_, fromFile, _ := call(t.Context(), FLVOptions{File: file(t, "standard input", content)})
	_, fromPipe, _ := call(t.Context(), FLVOptions{File: "-", Stdin: drip{bytes.NewReader(content)}})
	if fromFile != fromPipe {
		t.Errorf("file:\n%s\npipe:\n%s", fromFile, fromPipe)
	}
}

type drip struct{ r io.Reader }

func (d drip) Read(p []byte) (int, error) { return d.r.Read(p[:min(len(p), 97)]) }

// Interrupted while it waits for a pipe: the report so far, at once.
func TestInterrupt(t *testing.T) {
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		w.Write(healthy()[:20_000]) //nolint:errcheck // the reader may go
		time.Sleep(20 * time.Millisecond)
		stop()
	}()
	start := time.Now()
	code, out, complaints := call(ctx, FLVOptions{File: "-", Stdin: r, JSON: true})
	if code != ExitInterrupted || complaints != "" {
		t.Errorf("exit status %d, %q", code, complaints)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	var report diag.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Input.State != diag.StateCancelled {
		t.Errorf("state %q, %v", report.Input.State, err)
	}
}

// Files that do not stay what they were.
func TestChangingFile(t *testing.T) {
	tests := []struct {
		name   string
		change func(path string) error
		code   int
		state  string
		detail string
	}{
		{"shrinks", func(path string) error { return os.Truncate(path, 30_000) }, 2, diag.StateFailed, "became shorter"},
		{"grows", func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.Write(make([]byte, 100))
			return err
		}, 1, diag.StateComplete, "grew"},
		{"is written to", func(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) }, 0, diag.StateComplete, "written to"},
		{"is removed", os.Remove, 0, diag.StateComplete, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t, "a.flv", healthy())
			var out bytes.Buffer
			code := FLV(t.Context(), FLVOptions{
				File: path, Profile: "generic", JSON: true, Stdout: &out, Stderr: io.Discard,
				opened: func() {
					if err := tt.change(path); err != nil {
						t.Error(err)
					}
				},
			})
			var r diag.Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			if code != tt.code || r.Input.State != tt.state || !strings.Contains(r.Input.Detail, tt.detail) || tt.detail == "" && r.Input.Detail != "" {
				t.Errorf("exit status %d, state %q, %q", code, r.Input.State, r.Input.Detail)
			}
		})
	}
}

func TestLists(t *testing.T) {
	var out, complaints bytes.Buffer
	if code := Profiles(&out, &complaints); code != 0 {
		t.Errorf("exit status %d", code)
	}
	for _, p := range profile.All() {
		if !strings.Contains(out.String(), p.ID+" ") {
			t.Errorf("no %s", p.ID)
		}
	}
	out.Reset()
	if code := Rules(&out, &complaints); code != 0 {
		t.Errorf("exit status %d", code)
	}
	for _, r := range rules.All() {
		if !strings.Contains(out.String(), "  "+r.ID+" ") {
			t.Errorf("no %s", r.ID)
		}
	}
	if code := Rules(full{}, &complaints); code != ExitUnusable || !strings.Contains(complaints.String(), "could not be written") {
		t.Errorf("a full disk: exit status %d, %q", code, complaints.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestLogger(t *testing.T) {
	var b bytes.Buffer
	log, flush := Logger(&b, "json", "warn")
	log.Info("quiet")
	log.Warn("loud", "n", 1)
	var e map[string]any
	if err := json.Unmarshal(b.Bytes(), &e); err != nil || e["msg"] != "loud" {
		t.Errorf("a warning does not wait: %q %v", b.String(), err)
	}
	flush()
	if strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%q", b.String())
	}
}

// lines counts what reaches it and how often.
type lines struct {
	mu    sync.Mutex
	text  []byte
	calls int
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.calls++
	return len(p), nil
}

func (l *lines) seen() (lines, calls int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text, []byte("\n")), l.calls
}

// Lines are written together, in order, soon, and none is lost.
func TestLoggerTogether(t *testing.T) {
	var out lines
	log, flush := Logger(&out, "text", "info")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2500 {
				log.Info("request")
			}
		})
	}
	all.Wait()
	flush()
	if n, calls := out.seen(); n != 10_000 || calls > 1000 {
		t.Errorf("%d lines of 10000, in %d writes", n, calls)
	}
	log.Info("the last")
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if n, _ := out.seen(); n == 10_001 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a line alone is never written")
		}
	}
	log.With("a", 1).WithGroup("g").Error("at once", "b", 2)
	if n, _ := out.seen(); n != 10_002 {
		t.Error("an error waits")
	}
}
