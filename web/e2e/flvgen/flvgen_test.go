package flvgen

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FFmpeg decodes every picture and every sound without a complaint.
func TestDecodes(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on this machine")
	}
	for _, s := range []Spec{Clean, Gap, Large20, Small} {
		s.DurationMS = min(max(s.DurationMS, 40000), 40000)
		s.Name += "-short"
		path, err := s.File(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(ffmpeg, "-v", "warning", "-i", path, "-f", "null", "-").CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: ffmpeg: %v\n%.2000s", filepath.Base(path), err, out)
		}
		out, err = exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for line := range strings.Lines(string(out)) {
			if at, flags, _ := strings.Cut(strings.TrimSpace(line), ","); strings.HasPrefix(flags, "K") {
				keys = append(keys, at)
			}
		}
		all := strings.Join(keys, " ")
		if s.GapMS > 0 {
			if !strings.Contains(all, "14.000000 34.000000") {
				t.Errorf("%s: key frames at %s", s.Name, all)
			}
		} else if !strings.HasPrefix(all, "0.000000 2.000000 4.000000 6.000000") {
			t.Errorf("%s: key frames at %s", s.Name, all)
		}
	}
}

func TestSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 1.3 GB to nowhere")
	}
	start := time.Now()
	info, err := Small.Write(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v in %v", info, time.Since(start))
	if info.Bytes < 0.95e9 || info.Bytes > 1.05e9 || info.Tags < 1.55e6 || info.Tags > 1.61e6 {
		t.Errorf("six hours at 364 kb/s: %+v", info)
	}
	start = time.Now()
	info, err = Large300.Write(io.Discard)
	if err != nil || info.Bytes < 304e6 || info.Bytes > 305e6 {
		t.Errorf("%+v, %v", info, err)
	}
	t.Logf("%+v in %v", info, time.Since(start))
}

func TestSameEveryTime(t *testing.T) {
	var a, b bytes.Buffer
	if _, err := Clean.Write(&a); err != nil {
		t.Fatal(err)
	}
	if _, err := Clean.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two runs differ")
	}
}
