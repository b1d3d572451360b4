package analyze

import (
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
)

var limitFaults = []fault{
	{name: "4K to Azure live encoding", profile: "azure-live-encoding", build: func() []byte {
		return flvtest.Stream{SPS: flvtest.SPS{Width: 3840, Height: 2160}}.Build().Bytes()
	}, want: "resolution-exceeded!"},
	{name: "60 fps to Azure live encoding", profile: "azure-live-encoding", build: func() []byte {
		return flvtest.Stream{FPS: 60}.Build().Bytes()
	}, want: "framerate-exceeded!", check: func(t *testing.T, r *diag.Report) {
		f := finding(r, "framerate-exceeded")
		got, _ := f.Args.Get("measured_fps")
		limit, _ := f.Args.Get("limit_fps")
		if got.Float < 59.9 || got.Float > 60.1 || limit.Float != 36 || f.Basis != diag.Documented {
			t.Errorf("%+v", f)
		}
	}},
	{name: "36 fps to Azure live encoding", profile: "azure-live-encoding", build: func() []byte {
		return flvtest.Stream{FPS: 36}.Build().Bytes()
	}, want: "framerate-exceeded!"},
	{name: "33 fps to Azure live encoding, a minute", profile: "azure-live-encoding", build: func() []byte {
		return flvtest.Stream{FPS: 33, Seconds: 60}.Build().Bytes()
	}, want: "framerate-exceeded"},
	{name: "50 fps for 3 s to Azure live encoding", profile: "azure-live-encoding", build: func() []byte {
		return flvtest.Stream{FPS: 50, Seconds: 3}.Build().Bytes()
	}, want: "framerate-exceeded!"},
	{name: "60 fps in the second half to Azure live encoding", profile: "azure-live-encoding", build: func() []byte {
		return two(flvtest.Stream{}, flvtest.Stream{FPS: 60, SPS: flvtest.SPS{FPS: 30}})
	}, want: "framerate-exceeded! metadata-mismatch"},
	{name: "120 fps to YouTube", profile: "youtube", build: func() []byte {
		return flvtest.Stream{FPS: 120, Seconds: 20}.Build().Bytes()
	}, want: "framerate-exceeded"},
	{name: "6 Mb/s to Azure's basic pass-through", profile: "azure-pass-through-basic", build: func() []byte {
		return flvtest.Stream{VideoKbps: 6000, Seconds: 20}.Build().Bytes()
	}, want: "bitrate-exceeded bitrate-exceeded!", check: func(t *testing.T, r *diag.Report) {
		f := finding(r, "bitrate-exceeded")
		got, _ := f.Args.Get("measured_kbps")
		if got.Float < 5900 || got.Float > 6300 {
			t.Errorf("measured %v", got.Float)
		}
		near(t, "start", arg(t, r, "bitrate-exceeded", "start_ms"), 0, 30)
		near(t, "end", arg(t, r, "bitrate-exceeded", "end_ms"), 20000, 1100)
	}},
	{name: "8 Mb/s for 8 s to Twitch", profile: "twitch", build: func() []byte {
		s := flvtest.Stream{VideoKbps: 4000, Seconds: 40}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame >= 0 && !t.Key && t.Timestamp > 20000 && t.Timestamp < 28000 {
				t.Body = flvtest.P(33000, 0)
			}
		}
		return s.Build().Bytes()
	}, want: "bitrate-exceeded", check: func(t *testing.T, r *diag.Report) {
		near(t, "start", arg(t, r, "bitrate-exceeded", "start_ms"), 18500, 2600)
	}},
	{name: "8 Mb/s for 2 s to Twitch", profile: "twitch", build: func() []byte {
		s := flvtest.Stream{VideoKbps: 3000, Seconds: 40}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame >= 0 && !t.Key && t.Timestamp > 20000 && t.Timestamp < 22000 {
				t.Body = flvtest.P(33000, 0)
			}
		}
		return s.Build().Bytes()
	}},
	{name: "B-frames to Cloudflare", profile: "cloudflare", build: func() []byte {
		return flvtest.Stream{BFrames: 2, GOP: 4, Seconds: 20}.Build().Bytes()
	}, infos: "b-frames"},
	{name: "a constant composition offset to Cloudflare", profile: "cloudflare", build: func() []byte {
		s := flvtest.Stream{GOP: 4, Seconds: 20}
		s.Each = func(t *flvtest.Tag) {
			if t.Type == 9 && t.Frame >= 0 {
				t.Body[4] = 33
			}
		}
		return s.Build().Bytes()
	}},
}
