package analyze

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
)

// samplesDir holds real recordings that this project did not write. They are not
// copied into it: where they are missing, the test says so and skips.
const samplesDir = "../../../shared/samples"

// Each claim was checked by hand with ffprobe -show_packets, flvmeta --check and
// a look at the bytes: the single key frame of four files, the negative
// composition times (149, down to -8,333 ms) and the audio written behind all
// of the video of 3801c6c, the 298 frames of 5b86c62 that are flagged key and
// hold a slice of type 1.
var samples = []struct {
	file     string
	want     string // under the generic profile: errors (!) and warnings, all of them
	infos    string
	duration int64 // ms, within one frame
	tracks   string
	frames   [2]int64 // of the first two tracks
	gopMax   int64
}{
	{"membrane_flv_plugin_reference.flv", "metadata-missing keyframe-interval", "", 10030, "H.264 High 3.1 1280x720, AAC LC 44100/1", [2]int64{300, 432}, 8333},
	{"membrane_flv_plugin_3801c6c_reference.flv", "metadata-missing keyframe-interval av-drift composition-time!", "", 10030, "H.264 High 3.1 1280x720, AAC LC 44100/1", [2]int64{300, 432}, 8333},
	{"membrane_flv_plugin_8b9d72a_reference.flv", "metadata-missing keyframe-interval", "", 10530, "H.264 High 3.1 1280x720, AAC LC 44100/1", [2]int64{300, 432}, 8333},
	{"membrane_flv_plugin_5b86c62_reference.flv", "metadata-missing keyframe-flag", "", 10030, "H.264 High 3.1 1280x720, AAC LC 44100/1", [2]int64{300, 432}, 34},
	{"membrane_flv_plugin_input.flv", "keyframe-interval", "", 10091, "H.264 High 4.0 1920x1080, AAC LC 44100/1", [2]int64{240, 432}, 0},
	{"membrane_rtmp_plugin_testsrc.flv", "", "", 3125, "H.264 High 4.0 1920x1080, AAC LC 44100/1", [2]int64{75, 132}, 0},
	{"membrane_rtmp_plugin_dest.flv", "codec-video-unsupported bitrate-mismatch", "", 10000, "Sorenson H.263 1280x720", [2]int64{300}, 400},
	{"membrane_rtmp_plugin_output_audio.flv", "", "", 10031, "MP3 Layer III 44100/1", [2]int64{384}, 0},
	{"flv_codec_black_silent.flv", "codec-video-unsupported", "", 1123, "Sorenson H.263 1280x720, MP3 Layer III 44100/2", [2]int64{25, 43}, 480},
	{"enhanced-rtmp_testsrc.flv", "keyframe-interval bitrate-mismatch", "", 10021, "AV1 High 3.0 980x540, Opus 48000/1", [2]int64{300, 501}, 0},
	{"srs_bbb.flv", "", "", 10080, "H.264 Constrained Baseline 3.0 640x360, AAC LC 44100/2", [2]int64{250, 432}, 3000},
}

func readSample(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(samplesDir, name))
	if err != nil {
		t.Skipf("the shared recordings are not here: %v", err)
	}
	return file
}

func TestSamples(t *testing.T) {
	for _, c := range samples {
		t.Run(c.file, func(t *testing.T) {
			file := readSample(t, c.file)
			r := analyse(t, "generic", file, 0)
			sound(t, r)
			grave, infos := found(r)
			want := strings.Fields(c.want)
			slices.Sort(want)
			if !slices.Equal(grave, want) || !slices.Equal(infos, strings.Fields(c.infos)) {
				t.Errorf("found %v and infos %v, want %v", grave, infos, want)
				for _, f := range r.Findings {
					t.Logf("%s %s: %s", f.Severity, f.Rule, f.Message)
				}
			}
			m := r.Media
			near(t, "duration", m.DurationMS, c.duration, 45)
			var words []string
			for i, tr := range m.Tracks {
				words = append(words, strings.Join(strings.Fields(describe(tr)), " "))
				if i < 2 && tr.Frames != c.frames[i] {
					t.Errorf("%s has %d frames, want %d", tr.Kind, tr.Frames, c.frames[i])
				}
			}
			if got := strings.Join(words, ", "); got != c.tracks {
				t.Errorf("tracks %q, want %q", got, c.tracks)
			}
			if c.gopMax > 0 && m.GOP.MaxMS != c.gopMax {
				t.Errorf("GOP of %d ms, want %d", m.GOP.MaxMS, c.gopMax)
			}
			for _, id := range []string{"azure-live-encoding", "youtube", "tencent-css", "twitch"} {
				sound(t, analyse(t, id, file, 4096))
			}
		})
	}
}

func describe(tr diag.Track) string {
	text := tr.Codec + " " + tr.Profile + " " + tr.Level + " "
	if tr.Kind == "video" {
		return text + itoa(tr.Width) + "x" + itoa(tr.Height)
	}
	return text + itoa(tr.SampleRate) + "/" + itoa(tr.Channels)
}

func itoa(n int) string {
	if n < 0 {
		return "-" + itoa(-n)
	}
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// TestSampleNumbers holds the summary against what ffprobe says of srs_bbb.flv.
func TestSampleNumbers(t *testing.T) {
	r := analyse(t, "generic", readSample(t, "srs_bbb.flv"), 0)
	m := r.Media
	v, a := m.Tracks[0], m.Tracks[1]
	if v.FrameRate < 24.9 || v.FrameRate > 25.1 || v.DeclaredRate != 25 || v.KeyFrames != 4 || v.BFrames {
		t.Errorf("video %+v", v)
	}
	if v.Bytes != 356943 || a.Bytes != 60163 { // ffprobe -show_packets, sizes added
		t.Errorf("bytes %d and %d", v.Bytes, a.Bytes)
	}
	if m.Tags != (diag.TagCounts{Total: 686, Audio: 433, Video: 252, Script: 1}) {
		t.Errorf("tags %+v", m.Tags)
	}
	if g := m.GOP; g.Count != 3 || g.MinMS != 2280 || g.MedianMS != 2920 || g.MaxMS != 3000 || g.OpenMS != 1760 {
		t.Errorf("GOP %+v", g)
	}
	if m.Encoder != "Lavf58.76.100" {
		t.Errorf("encoder %q", m.Encoder)
	}
}
