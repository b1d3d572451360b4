package live_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
)

// Encoders that nobody here wrote push on loopback.

// A push of FFmpeg's: 3 s of picture and tone.
const (
	ffmpegInput = "-hide_banner -v error -f lavfi -i testsrc2=size=320x180:rate=%d:duration=%d -f lavfi -i sine=frequency=440:sample_rate=44100:duration=%[2]d"
	x264        = "-c:v libx264 -preset ultrafast -threads 1 -g 60 -b:v 400k"
	aac         = "-c:a aac -ac 2 -b:a 96k"
)

// ffmpeg makes FFmpeg's arguments: re is -re or empty.
func ffmpeg(re string, rate, duration int, rest ...string) []string {
	args := strings.Fields(fmt.Sprintf(ffmpegInput, rate, duration))
	if re != "" {
		args = append(withInput(args, re), rest...)
	} else {
		args = append(args, rest...)
	}
	return strings.Fields(strings.Join(args, " "))
}

// withInput puts an option in front of every input.
func withInput(args []string, option string) (out []string) {
	for i, a := range args {
		if a == "-f" && i+1 < len(args) && args[i+1] == "lavfi" {
			out = append(out, option)
		}
		out = append(out, a)
	}
	return out
}

// pipeline is GStreamer's: picture and tone, FLV, and a sink that keeps real time.
func pipeline(sink ...string) []string {
	return append(strings.Fields("-q -e videotestsrc num-buffers=90 ! video/x-raw,width=320,height=180,framerate=30/1 !"+
		" x264enc key-int-max=60 bitrate=400 speed-preset=ultrafast tune=zerolatency ! video/x-h264,profile=main ! h264parse ! mux."+
		" audiotestsrc num-buffers=130 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 !"+
		" voaacenc bitrate=96000 ! aacparse ! mux. flvmux name=mux streamable=true !"), append(sink, "sync=true")...)
}

const (
	baseline = "H.264 Constrained Baseline 2.0 320x180 30 fps"
	stereo   = "AAC LC 44100/2"
	lavf     = "FMLE/3.0 (compatible; Lavf"
)

// encoders are pushes, and what must come of them: all of it.
var encoders = []struct {
	name     string
	program  string
	from     string // a file that has to be there
	args     func(s *stream) []string
	profile  string
	want     string // warnings, and errors with !
	infos    string
	media    string
	client   string // how it begins
	flashVer string
	shake    string
	fields   []string // of connect, that must be there
}{
	{
		name: "FFmpeg", program: "ffmpeg",
		args:  func(s *stream) []string { return append(ffmpeg("-re", 30, 3, x264, aac, "-f flv"), s.url()) },
		media: baseline + ", " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg over TLS", program: "ffmpeg",
		args: func(s *stream) []string {
			return append(ffmpeg("-re", 30, 3, x264, aac, "-f flv"), strings.Replace(s.url(), "rtmp:", "rtmps:", 1))
		},
		media: baseline + ", " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg as fast as it can", program: "ffmpeg",
		args:  func(s *stream) []string { return append(ffmpeg("", 30, 20, x264, aac, "-f flv"), s.url()) },
		want:  "burst",
		media: baseline + ", " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, B-frames", program: "ffmpeg", profile: "huawei",
		args: func(s *stream) []string {
			return append(ffmpeg("-re", 30, 3, "-c:v libx264 -preset veryfast -threads 1 -g 60 -bf 3 -b:v 400k", aac, "-f flv"), s.url())
		},
		infos: "b-frames",
		media: "H.264 High 1.3 320x180 30 fps, " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, no metadata", program: "ffmpeg",
		args: func(s *stream) []string {
			return append(ffmpeg("-re", 30, 3, x264, aac, "-flvflags no_metadata -f flv"), s.url())
		},
		want:  "metadata-missing",
		media: baseline + ", " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, audio only", program: "ffmpeg", profile: "youtube",
		args:  func(s *stream) []string { return append(ffmpeg("-re", 30, 3, "-vn", aac, "-f flv"), s.url()) },
		want:  "track-missing!",
		media: stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, 60 fps", program: "ffmpeg", profile: "azure-live-encoding",
		args: func(s *stream) []string {
			return append(ffmpeg("-re", 60, 3, strings.Replace(x264, "60", "120", 1), aac, "-f flv"), s.url())
		},
		want:  "framerate-exceeded!",
		media: "H.264 Constrained Baseline 2.1 320x180 60 fps, " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, parameters behind the key", program: "ffmpeg",
		args: func(s *stream) []string {
			return append(ffmpeg("-re", 30, 3, x264, aac, "-f flv"), s.url()+"?authmod=adobe&user=studio&token=secret-of-the-key")
		},
		media: baseline + ", " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, server and key apart", program: "ffmpeg",
		args: func(s *stream) []string {
			return append(ffmpeg("-re", 30, 3, x264, aac, "-f flv -rtmp_playpath", s.Key, "-rtmp_app", s.App), s.server())
		},
		media: baseline + ", " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "FFmpeg, a copy of a recording", program: "ffmpeg", from: samplesDir + "/srs_bbb.flv",
		args: func(s *stream) []string {
			return []string{"-v", "error", "-re", "-t", "3", "-i", samplesDir + "/srs_bbb.flv", "-c", "copy", "-f", "flv", s.url()}
		},
		media: "H.264 Constrained Baseline 3.0 640x360 25 fps, " + stereo, client: "FFmpeg", flashVer: lavf, shake: "digest",
	},
	{
		name: "GStreamer's rtmp2sink", program: "gst-launch-1.0",
		args:  func(s *stream) []string { return pipeline("rtmp2sink", "location="+s.url()) },
		media: "H.264 Constrained Baseline 1.3 320x180 30 fps, " + stereo, client: "GStreamer 1.", flashVer: "LNX 10,0,32,18", shake: "simple",
	},
	{
		name: "librtmp, GStreamer's rtmpsink", program: "gst-launch-1.0",
		args:  func(s *stream) []string { return pipeline("rtmpsink", "location="+s.url()+" live=1") },
		media: "H.264 Constrained Baseline 1.3 320x180 30 fps, " + stereo, client: "GStreamer 1.", shake: "simple",
	},
}

func TestEncoders(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: 200 * time.Millisecond, Return: 200 * time.Millisecond})
	// All at once: each of them waits most of its time.
	var pushes []*stream
	var running []*encoder
	for _, tt := range encoders {
		debian := "ffmpeg"
		if tt.program == "gst-launch-1.0" {
			debian = "gstreamer1.0-tools (and gstreamer1.0-plugins-good, -bad, -ugly)"
		}
		s := r.session(t, live.Request{Profile: tt.profile})
		pushes = append(pushes, s)
		program := need(t, tt.program, debian)
		if _, err := os.Stat(tt.from); tt.from != "" && err != nil {
			program = "true" // its test is skipped
		}
		running = append(running, begin(t, program, tt.args(s)...))
	}
	for i, tt := range encoders {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := os.Stat(tt.from); tt.from != "" && err != nil {
				t.Skipf("the shared recordings are not here: %v", err)
			}
			s := pushes[i]
			s.t = t
			secure := slices.ContainsFunc(tt.args(s), func(a string) bool { return strings.HasPrefix(a, "rtmps:") })
			if err := running[i].wait(90 * time.Second); err != nil {
				t.Fatalf("%s: %v\n%s", tt.program, err, entries(s.snapshot()))
			}
			v := s.ended()
			if v.End != live.EndedFinished || len(v.Connections) != 1 {
				t.Fatalf("the session ended %q (%s) with %d connections\n%s", v.End, v.EndText, len(v.Connections), entries(v))
			}
			report := parse(t, v.Report)
			grave, infos := found(report)
			if !slices.Equal(grave, strings.Fields(tt.want)) || !slices.Equal(infos, strings.Fields(tt.infos)) {
				t.Errorf("found %v and notes %v, want %q and %q\n%s", grave, infos, tt.want, tt.infos, tell(report))
			}
			if got := describe(report); got != tt.media {
				t.Errorf("media %q, want %q", got, tt.media)
			}
			c := v.Connections[0]
			if !strings.HasPrefix(c.Client, tt.client) || !strings.HasPrefix(c.FlashVer, tt.flashVer) || tt.flashVer == "" && c.FlashVer != "" || c.Handshake != tt.shake {
				t.Errorf("client %q, flashVer %q, handshake %q", c.Client, c.FlashVer, c.Handshake)
			}
			if secure != (c.TLS != "") {
				t.Errorf("TLS %q", c.TLS)
			}
			if c.Ended < c.Began || c.Why == "" {
				t.Errorf("it began at %d and ended at %d: %q", c.Began, c.Ended, c.Why)
			}
			if c.FirstData < 0 || c.FirstData > 20_000 || (c.FirstKey >= 0) != strings.Contains(tt.media, "H.264") {
				t.Errorf("first media after %d ms, first key frame after %d ms", c.FirstData, c.FirstKey)
			}
			if text := fmt.Sprintf("%+v %s", v, v.Report); strings.Contains(text, s.Key) || strings.Contains(text, "secret-of-the-key") {
				t.Errorf("a key shows in the snapshot:\n%s", text)
			}
			if v.Dropped > 0 || len(v.Entries) > 30 {
				t.Errorf("%d entries and %d dropped are more than a person reads:\n%s", len(v.Entries), v.Dropped, entries(v))
			}
			s.mu.Lock()
			counts, states := s.counts, s.states
			s.mu.Unlock()
			if want := []string{live.Waiting, live.Publishing, live.Between, live.Ended}; !slices.Equal(states, want) {
				t.Errorf("states %v", states)
			}
			if tt.want != "burst" && (counts["tick"] < 5 || counts["report"] < 1) || counts["entry"] < 5 || counts["connection"] < 1 || counts["end"] != 1 {
				t.Errorf("events: %v", counts)
			}
			if !secure {
				s.sameAsFile(t, report, tt.profile)
			}
			t.Logf("client %q, flashVer %q, %d entries, %v", c.Client, c.FlashVer, len(v.Entries), counts)
		})
	}
}

// An encoder that hangs is found while it hangs, and what follows is no error.
func TestStoppedEncoder(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: 200 * time.Millisecond})
	s := r.session(t, live.Request{})
	e := begin(t, need(t, "ffmpeg", "ffmpeg"), append(ffmpeg("-re", 30, 60, x264, aac, "-f flv"), s.url())...)
	s.await("media", 60*time.Second, func(v live.Snapshot) bool {
		return len(v.Ticks) > 0 && v.Ticks[len(v.Ticks)-1].Media > 1500
	})
	if grave, infos := found(parse(t, s.snapshot().Report)); len(grave)+len(infos) > 0 {
		t.Errorf("before it hangs: %v %v", grave, infos)
	}
	e.signal(syscall.SIGSTOP)
	stopped := time.Now()
	v := s.await("idle-gap", 40*time.Second, func(v live.Snapshot) bool {
		grave, _ := found(parse(t, v.Report))
		return slices.Contains(grave, "idle-gap")
	})
	took := time.Since(stopped)
	// Whoever watches is told as well, while nothing comes.
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		told := s.report
		s.mu.Unlock()
		if grave, _ := found(parse(t, told)); slices.Contains(grave, "idle-gap") {
			break
		}
		if time.Now().After(end) {
			t.Errorf("the watcher is not told of idle-gap:\n%s", tell(parse(t, told)))
			break
		}
	}
	t.Logf("idle-gap was found %v after SIGSTOP", took.Round(10*time.Millisecond))
	if took < 9500*time.Millisecond || took > 14*time.Second {
		t.Errorf("idle-gap was found %v after SIGSTOP; the limit is 10 s", took)
	}
	if v.State != live.Publishing {
		t.Errorf("state %s while the encoder hangs", v.State)
	}
	e.signal(syscall.SIGCONT)
	s.await("media again", 40*time.Second, func(v live.Snapshot) bool {
		return v.Ticks[len(v.Ticks)-1].Idle < 500
	})
	e.signal(syscall.SIGINT) // an orderly end
	_ = e.wait(10 * time.Second)
	report := parse(t, s.ended().Report)
	t.Logf("at the end:\n%s", tell(report))
	if grave, _ := found(report); slices.ContainsFunc(grave, func(rule string) bool { return !strings.HasPrefix(rule, "idle-gap") }) {
		t.Errorf("found %v\n%s", grave, tell(report))
	}
}

// An encoder that is killed comes back with other settings, and that is told.
func TestReconnect(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: 200 * time.Millisecond, Return: 20 * time.Second})
	s := r.session(t, live.Request{})
	program := need(t, "ffmpeg", "ffmpeg")
	first := begin(t, program, append(ffmpeg("-re", 30, 60, x264, aac, "-f flv"), s.url())...)
	s.await("media", 60*time.Second, func(v live.Snapshot) bool {
		return len(v.Ticks) > 0 && v.Ticks[len(v.Ticks)-1].Media > 1000
	})
	first.kill()
	v := s.await("that it is lost", 10*time.Second, func(v live.Snapshot) bool { return v.State == live.Between })
	if c := v.Connections[0]; c.Ended < 0 || c.Why == "" {
		t.Errorf("the connection ended at %d: %q", c.Ended, c.Why)
	}
	again := ffmpeg("-re", 25, 3, strings.Replace(x264, "400k", "200k -s 160x90", 1), aac, "-ar 48000 -f flv")
	if err := begin(t, program, append(again, s.url())...).wait(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	v = s.ended()
	if len(v.Connections) != 2 {
		t.Fatalf("%d connections\n%s", len(v.Connections), entries(v))
	}
	c := v.Connections[1]
	t.Logf("what changed: %q", c.Changed)
	all := strings.Join(c.Changed, "\n")
	for _, want := range []string{"width 320 px → 160 px", "video bitrate 391 kb/s → 195 kb/s", "audio sample rate 44,100 Hz → 48,000 Hz"} {
		if !strings.Contains(all, want) {
			t.Errorf("what changed does not name %s: %q", want, c.Changed)
		}
	}
	report := parse(t, v.Report)
	t.Logf("report: %s\n%s", describe(report), tell(report))
	if grave, _ := found(report); !slices.Contains(grave, "push-reconnect") {
		t.Errorf("found %v", grave)
	}
}

// Pushes that are as they should be stay without a finding, however long they
// last. INGESTDOCTOR_LONG=2m says how long that is.
func TestLongPushes(t *testing.T) {
	text := os.Getenv("INGESTDOCTOR_LONG")
	if text == "" {
		t.Skip("INGESTDOCTOR_LONG=2m pushes for so long")
	}
	t.Parallel()
	last, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	seconds := int(last.Seconds())
	r := newRig(t, live.Config{Goodbye: 200 * time.Millisecond})
	type one struct {
		s       *stream
		e       *encoder
		profile string
	}
	var all []one
	for i, id := range []string{"generic", "youtube", "tencent-css", "azure-live-encoding"} {
		s := r.session(t, live.Request{Profile: id})
		e := begin(t, need(t, "ffmpeg", "ffmpeg"), append(ffmpeg("-re", 30, seconds, x264, aac, "-f flv"), s.url())...)
		all = append(all, one{s, e, id})
		s = r.session(t, live.Request{Profile: id})
		sink := []string{"rtmp2sink", "location=" + s.url()}
		if i%2 == 1 {
			sink = []string{"rtmpsink", "location=" + s.url()}
		}
		args := strings.Fields(strings.NewReplacer("num-buffers=90", fmt.Sprintf("num-buffers=%d", 30*seconds), "num-buffers=130", fmt.Sprintf("num-buffers=%d", 43*seconds)).
			Replace(strings.Join(pipeline(sink...), " ")))
		all = append(all, one{s, begin(t, need(t, "gst-launch-1.0", "gstreamer1.0-tools"), args...), id})
	}
	for _, o := range all {
		if err := o.e.wait(last + 30*time.Second); err != nil {
			t.Errorf("%s: %v", o.profile, err)
			continue
		}
		v := o.s.ended()
		report := parse(t, v.Report)
		o.s.mu.Lock()
		lag := int64(0)
		for _, tick := range o.s.ticks {
			lag = max(lag, tick.Lag)
		}
		ticks := len(o.s.ticks)
		o.s.mu.Unlock()
		t.Logf("%s, %s: %d ms of media, %d ticks, lag %d ms at most", o.profile, v.Connections[0].Client, report.Media.DurationMS, ticks, lag)
		if grave, infos := found(report); len(grave)+len(infos) > 0 {
			t.Errorf("%s, %s: found %v %v\n%s", o.profile, v.Connections[0].Client, grave, infos, tell(report))
		}
		o.s.sameAsFile(t, report, o.profile)
	}
}
