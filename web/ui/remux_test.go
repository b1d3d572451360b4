package ui

import (
	"os/exec"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
)

var nasty = []string{
	"plain.mp4", "two words.mkv", "it's.ts", `"double".mov`, "$(touch pwned).mp4", "`id`.mp4", "a;b&c|d.mp4",
	"-option.mp4", "--help", "a\nb.mp4", "tab\tand\x1b[31mescape.mp4", `back\slash.mp4`, "*.mp4", "~", "%PATH%.avi",
	"!history!.mp4", "ünïcode – “quotes” ‘single’.mp4", "a'b\nc'd\\e.mkv", "x.flv", "trailing\\", "''", "'", "http:x.mp4", "#hash.mp4", "{a,b}.mp4",
}

// A shell reads each line as the arguments that are meant, and nothing else happens.
func TestLinesInAShell(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	for _, name := range nasty {
		r, ok := newRemux("MP4", name)
		if !ok {
			t.Fatal("MP4 is remuxable")
		}
		line := r.Lines[0].Line
		if strings.ContainsAny(line, "\n\r\x1b\t") {
			t.Errorf("%q: the line has a control character: %q", name, line)
		}
		cmd := exec.Command("bash", "--norc", "-c", `ffmpeg() { printf '%s\0' "$@"; }; `+line)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v: %s", line, err, out)
			continue
		}
		want := []string{"-i", argument(name), "-c", "copy", "-f", "flv", argument(flvName(name))}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q gives\n%q, want\n%q", line, got, want)
		}
	}
}

// PowerShell's single quotes: doubled inside, whichever of its five quotes they are.
func TestPowerShell(t *testing.T) {
	for in, want := range map[string]string{
		"plain.mp4":          "plain.mp4",
		"two words.mp4":      "'two words.mp4'",
		"it's.mp4":           "'it''s.mp4'",
		"a\u2019b\u2018.mp4": "'a\u2019\u2019b\u2018\u2018.mp4'",
		"$(x) `y`.mp4":       "'$(x) `y`.mp4'",
		"a\nb.mp4":           "'a b.mp4'",
	} {
		if got := quotePowerShell(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"a.mp4": "a.flv", "a.b.mkv": "a.b.flv", "noext": "noext.flv", "x.flv": "x-copy.flv", ".hidden": ".hidden.flv",
	} {
		if got := flvName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if flvName(in) == in {
			t.Errorf("%s would overwrite itself", in)
		}
	}
}

func TestRemuxable(t *testing.T) {
	for _, like := range []string{
		flv.LooksMP4, flv.LooksFragmented, flv.LooksMOV, flv.LooksMatroska, flv.LooksWebM,
		flv.LooksTS, flv.LooksM2TS, flv.LooksPS, flv.LooksAVI,
	} {
		r, ok := newRemux(like, "a.bin")
		if !ok || len(r.Hides) == 0 || len(r.Lines) != 2 || !strings.HasPrefix(r.Lines[0].Line, "ffmpeg -i a.bin -c copy -f flv a.flv") {
			t.Errorf("%s: %v %+v", like, ok, r)
		}
	}
	for _, like := range []string{
		flv.LooksHTML, flv.LooksEmpty, flv.LooksUnknown, flv.LooksText, flv.LooksZeros, flv.LooksPNG,
		flv.LooksHeaderless, flv.LooksHLS, flv.LooksRTMP, flv.LooksPcap,
	} {
		if r, ok := newRemux(like, "a.flv"); ok {
			t.Errorf("%q cannot be copied into an FLV: %+v", like, r)
		}
	}
}
