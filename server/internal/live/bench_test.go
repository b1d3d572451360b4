package live

import (
	"io"
	"testing"

	"ingestdoctor/wasm/flv/flvtest"
)

// still is a push of a session that nobody serves.
func still(tb testing.TB) *push {
	h := New(Config{})
	made := create(tb, h)
	s := h.session(made.ID)
	c := &conn{hub: h}
	p := newPush(s, c, &Connection{}, nil)
	if why := s.begin(p); why != "" {
		tb.Fatal(why)
	}
	tb.Cleanup(func() { s.expiry.Stop() })
	return p
}

// What arrives is looked at without an allocation.
func TestNoAllocations(t *testing.T) {
	p := still(t)
	video, audio := flvtest.P(15000, 0), flvtest.AAC(350)
	p.tag(9, 0, flvtest.AVCConfig(flvtest.SPS{Width: 1280, Height: 720, FPS: 25}))
	p.tag(8, 0, flvtest.AACConfig(48000, 2))
	p.tag(9, 0, flvtest.IDR(60000, 0))
	ms := uint32(0)
	second := func() {
		for range 25 {
			ms += 40
			p.tag(9, ms, video)
			p.tag(8, ms, audio)
			p.tag(8, ms+21, audio)
		}
	}
	for range 20 {
		second()
	}
	// the plots grow now and then
	if n := testing.AllocsPerRun(50, second); n > 8 {
		t.Errorf("%v allocations for 75 messages", n)
	}
}

// BenchmarkServe is a whole connection, as fast as it goes.
func BenchmarkServe(b *testing.B) {
	h, addr := open(b, Config{Bitrate: 1e12})
	s := create(b, h)
	p := dial(b, addr).publish(s.Key)
	go func() { _, _ = io.Copy(io.Discard, p) }()
	one := chunks(flvtest.Stream{Seconds: 1, GOP: 1, VideoKbps: 4000}.Build().Bytes())
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	for b.Loop() {
		p.send(one)
	}
	p.Close()
}
