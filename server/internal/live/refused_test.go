package live_test

import (
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
)

// A session that behaves as a platform refuses real encoders, with the
// platform's code, and they notice.
func TestRefusedEncoders(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: 200 * time.Millisecond, Return: 300 * time.Millisecond})
	push := func(s *stream) []string { return append(ffmpeg("-re", 30, 40, x264, aac, "-f flv"), s.url()) }
	tests := []struct {
		name, program string
		args          func(s *stream) []string
		profile       string
		refuse        string // asked for; else what the stream brings about
		code          string // that is told
		media         bool   // it came as far as media
	}{
		{
			name: "FFmpeg, 60 fps, Azure", program: "ffmpeg", profile: "azure-live-encoding", code: "MPE_INGEST_FRAMERATE_EXCEEDED", media: true,
			args: func(s *stream) []string { return append(ffmpeg("-re", 60, 40, x264, aac, "-f flv"), s.url()) },
		},
		{name: "FFmpeg, access token, Azure", program: "ffmpeg", profile: "azure-live-encoding", refuse: "MPE_RTMP_APPID_AUTH_FAILURE", args: push},
		{name: "FFmpeg, signature, Tencent", program: "ffmpeg", profile: "tencent-css", refuse: "18/503", args: push},
		{
			name: "rtmp2sink, signature, Tencent", program: "gst-launch-1.0", profile: "tencent-css", refuse: "18/503",
			args: func(s *stream) []string { return pipeline("rtmp2sink", "location="+s.url()) },
		},
		{
			name: "librtmp, key in use, nginx", program: "gst-launch-1.0", profile: "nginx-rtmp", refuse: "NetStream.Publish.BadName",
			args: func(s *stream) []string { return pipeline("rtmpsink", "location="+s.url()+" live=1") },
		},
	}
	var pushes []*stream
	var running []*encoder
	for _, tt := range tests {
		s := r.session(t, live.Request{Profile: tt.profile, Behave: true, Refuse: tt.refuse})
		pushes = append(pushes, s)
		running = append(running, begin(t, need(t, tt.program, "ffmpeg, and gstreamer1.0-tools"), tt.args(s)...))
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := pushes[i]
			s.t = t
			err := running[i].wait(60 * time.Second)
			if err == nil || strings.Contains(err.Error(), "still runs") {
				t.Errorf("the encoder does not notice: %v\n%s", err, entries(s.snapshot()))
			}
			v := s.snapshot()
			all := entries(v)
			code := tt.refuse
			if code == "" {
				code = tt.code
			}
			if !strings.Contains(all, code) {
				t.Errorf("%s is not told:\n%s", code, all)
			}
			if len(v.Connections) == 0 || v.Connections[0].Ended < 0 || v.Connections[0].Why == "" || (v.Connections[0].FirstData >= 0) != tt.media {
				t.Errorf("connections %+v", v.Connections)
			}
			t.Logf("the encoder: %v", err)
		})
	}
}
