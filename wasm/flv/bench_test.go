package flv_test

import (
	"testing"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

// quiet is a Handler that keeps nothing.
type quiet struct {
	tags, frames, garbage int64
}

func (q *quiet) Header(flv.Header)                       {}
func (q *quiet) Tag(_ *flv.Tag, f []flv.Frame)           { q.tags++; q.frames += int64(len(f)) }
func (q *quiet) PreviousTagSize(*flv.Tag, int64, uint32) {}
func (q *quiet) Garbage(_, n int64)                      { q.garbage += n }
func (q *quiet) NotFLV(string)                           {}

// push reads the file's body again and again, as one endless file.
func push(b *testing.B, file []byte, tags int) {
	const head = 13
	r := flv.NewReader(&quiet{})
	r.Write(file[:head])
	body := file[head:]
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		for p := body; len(p) > 0; {
			n := min(len(p), 1<<20)
			r.Write(p[:n])
			p = p[n:]
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tags), "ns/tag")
}

func BenchmarkReaderLargeTags(b *testing.B) {
	f := ft.New().Video(0, ft.AVCConfig(ft.SPS{}))
	for i := range int64(200) {
		f.Video(40*i, ft.P(200_000, 0))
	}
	push(b, f.Bytes(), 201)
}

func BenchmarkReaderSmallTags(b *testing.B) {
	f := ft.New().Audio(0, ft.AACConfig(44100, 2))
	for i := range int64(10_000) {
		f.Audio(23*i, ft.AAC(40))
	}
	push(b, f.Bytes(), 10_001)
}

func BenchmarkReaderMixedTags(b *testing.B) {
	// 364 kb/s: 30 small video and 43 audio frames a second.
	f := ft.Stream{Seconds: 100, VideoKbps: 300, AudioKbps: 64}.Build()
	push(b, f.Bytes(), 100*73)
}

func BenchmarkReaderEnhancedTags(b *testing.B) {
	f := ft.New().Video(0, ft.ExVideo(1, 0, "hvc1", ft.HEVCRecord(1920, 1080, 30))).Audio(0, ft.ExAudio(0, "Opus", ft.OpusHead(2, 48000)))
	for i := range int64(5000) {
		f.Video(40*i, ft.ExVideo(2, 1, "hvc1", ft.WithCTS(0, ft.NALs(ft.HEVCSlice(1, 500))))).Audio(40*i, ft.ExAudio(1, "Opus", make([]byte, 80)))
	}
	push(b, f.Bytes(), 10_002)
}

func BenchmarkReaderNoise(b *testing.B) {
	push(b, append(ft.New().Bytes(), noise(32<<20, 1)...), 1)
}

// BenchmarkReaderFalseHeaders reads garbage in which every 30 bytes claim to be a tag of
// nearly 1 MiB.
func BenchmarkReaderFalseHeaders(b *testing.B) {
	g := make([]byte, 0, 32<<20)
	for len(g) < 32<<20-30 {
		g = append(g, 9, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		g = append(g, make([]byte, 19)...)
		g[len(g)-1] = 0x77
	}
	push(b, append(ft.New().Raw(1).Bytes(), g...), len(g)/30)
}
