package analyze

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recordings made by FFmpeg, the muxer of most encoders: x264, AAC and the
// codecs of old, with options that people use.
var encoded = []struct {
	name  string
	args  string // after the inputs
	rate  string // frames a second, 30
	want  string // "profile: rules" separated by semicolons
	infos string
}{
	{
		name: "two second GOP", args: "-c:v libx264 -preset ultrafast -g 60 -b:v 500k -maxrate 500k -bufsize 500k -c:a aac",
		want: "generic:;azure-live-encoding:;youtube:;twitch:;facebook:;cloudflare:;aws-ivs:",
	},
	{name: "x264's default GOP", args: "-c:v libx264 -preset ultrafast -c:a aac", want: "generic: keyframe-interval; youtube: keyframe-interval; facebook: keyframe-interval!"},
	{name: "one key frame", args: "-c:v libx264 -preset ultrafast -g 600 -sc_threshold 0 -c:a aac", want: "generic: keyframe-interval!"},
	{name: "three B-frames", args: "-c:v libx264 -preset veryfast -g 60 -bf 3 -c:a aac", want: "generic:; youtube:; twitch:; azure-live-encoding:"},
	{name: "open GOP", args: "-c:v libx264 -preset veryfast -x264-params keyint=60:open-gop=1:bframes=3 -c:a aac", want: "generic:"},
	{name: "intra refresh", args: "-c:v libx264 -preset veryfast -x264-params keyint=60:intra-refresh=1 -c:a aac", want: "generic:"},
	{name: "interlaced", args: "-c:v libx264 -preset veryfast -x264-params interlaced=1:keyint=60 -c:a aac -s 720x576", want: "generic:"},
	{name: "60 fps", rate: "60", args: "-c:v libx264 -preset ultrafast -g 120 -c:a aac", want: "generic:; youtube:; azure-pass-through:; azure-live-encoding: framerate-exceeded!"},
	{name: "NTSC", rate: "30000/1001", args: "-c:v libx264 -preset ultrafast -g 60 -bf 2 -c:a aac -ar 48000", want: "generic:; azure-live-encoding:; twitch:"},
	{name: "MP3", args: "-c:v libx264 -preset ultrafast -g 60 -c:a libmp3lame", want: "generic:; youtube:; azure-live-encoding: codec-audio-unsupported!"},
	{name: "audio only", args: "-vn -c:a aac", want: "generic:; youtube: track-missing!"},
	{name: "video only", args: "-an -c:v libx264 -preset ultrafast -g 60", want: "generic:; facebook: track-missing!"},
	{name: "Flash Video", args: "-c:v flv -b:v 500k -c:a libmp3lame", want: "generic: codec-video-unsupported"},
	{name: "Screen Video and PCM", args: "-c:v flashsv -g 60 -c:a pcm_s16le -b:v 1500k", want: "generic: codec-video-unsupported codec-audio-unsupported"},
	{name: "22 kHz mono", args: "-c:v libx264 -preset ultrafast -g 60 -c:a aac -ar 22050 -ac 1", want: "generic:; twitch: audio-config-mismatch"},
	{name: "from 4 h 40 min, past 24 bits", args: "-output_ts_offset 16770 -c:v libx264 -preset ultrafast -g 60 -c:a aac", want: "generic:"},
	{name: "audio 300 ms later", args: "-af adelay=300 -c:v libx264 -preset ultrafast -g 60 -c:a aac", want: "generic:"},
	{name: "one frame a second", args: "-vf fps=1 -c:v libx264 -preset ultrafast -g 2 -c:a aac", want: "generic:"},
	{name: "no metadata", args: "-flvflags no_metadata -c:v libx264 -preset ultrafast -g 60 -c:a aac", want: "generic: metadata-missing; azure-live-encoding:", infos: "metadata-missing"},
}

func TestFFmpegRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skipf("no ffmpeg: %v", err)
	}
	dir := t.TempDir()
	for _, c := range encoded {
		t.Run(c.name, func(t *testing.T) {
			rate := c.rate
			if rate == "" {
				rate = "30"
			}
			path := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-")+".flv")
			args := []string{
				"-v", "error", "-y", "-threads", "1", "-f", "lavfi", "-i", "testsrc2=size=320x180:duration=16:rate=" + rate,
				"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=16",
			}
			args = append(append(args, strings.Fields(c.args)...), path)
			if out, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
				t.Skipf("this ffmpeg cannot make it: %s", out)
			}
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range strings.Split(c.want, ";") {
				id, rest, _ := strings.Cut(w, ":")
				r := analyse(t, strings.TrimSpace(id), file, 0)
				sound(t, r)
				grave, infos := found(r)
				want := strings.Fields(rest)
				slices.Sort(want)
				if !slices.Equal(grave, want) {
					t.Errorf("%s: found %v, want %v", id, grave, want)
					for _, f := range r.Findings {
						t.Logf("%s %s: %s", f.Severity, f.Rule, f.Message)
					}
				}
				for _, i := range infos {
					if i != "keyframe-irregular" && i != "b-frames" && !strings.Contains(c.infos, i) {
						t.Errorf("%s: info %s", id, i)
					}
				}
			}
			if whole := analyse(t, "generic", file, 0).JSON(); string(analyse(t, "generic", file, 999).JSON()) != string(whole) {
				t.Error("chunks of 999 bytes give another report")
			}
		})
	}
}
