package analyze

import (
	"testing"

	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
)

// smallTags is 364 kb/s as in BROWSER.md: about 640 bytes a tag.
func smallTags() []byte {
	return flvtest.Stream{Seconds: 600, VideoKbps: 300, AudioKbps: 64}.Build().Bytes()
}

func largeTags() []byte {
	return flvtest.Stream{Seconds: 60, VideoKbps: 20000, AudioKbps: 128}.Build().Bytes()
}

func benchmark(b *testing.B, id string, file []byte) {
	p, _ := profile.ByID(id)
	const chunk = 1 << 20
	var tags int64
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		a := New(Options{Profile: p})
		for i := 0; i < len(file); i += chunk {
			_, _ = a.Write(file[i:min(i+chunk, len(file))])
		}
		tags = a.suite.Stream.Tags
		a.Close("complete", "")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tags), "ns/tag")
}

func BenchmarkSmallTags(b *testing.B)      { benchmark(b, "generic", smallTags()) }
func BenchmarkSmallTagsAzure(b *testing.B) { benchmark(b, "azure-live-encoding", smallTags()) }
func BenchmarkLargeTags(b *testing.B)      { benchmark(b, "azure-live-encoding", largeTags()) }

// BenchmarkReader is the reader alone, to tell the checks' share.
func BenchmarkReader(b *testing.B) {
	file := smallTags()
	b.SetBytes(int64(len(file)))
	var tags int64
	for b.Loop() {
		h := &count{}
		r := flv.NewReader(h)
		_, _ = r.Write(file)
		tags = h.tags
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tags), "ns/tag")
}

type count struct{ tags int64 }

func (c *count) Header(flv.Header)                       {}
func (c *count) Tag(*flv.Tag, []flv.Frame)               { c.tags++ }
func (c *count) PreviousTagSize(*flv.Tag, int64, uint32) {}
func (c *count) Garbage(int64, int64)                    {}
func (c *count) NotFLV(string)                           {}

// BenchmarkProgress is what a partial report costs.
func BenchmarkProgress(b *testing.B) {
	a := New(Options{})
	_, _ = a.Write(smallTags())
	b.ReportAllocs()
	for b.Loop() {
		_ = a.Progress().JSON()
	}
}

// TestSteadyStateAllocatesNothing reads on and on in a healthy stream, and in
// one with a fault in every tag.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	faulty := flvtest.Stream{Seconds: 60, BFrames: 2}
	faulty.Each = func(t *flvtest.Tag) {
		t.StreamID = 5
		if t.Type == 9 && t.Frame >= 0 {
			t.Body[2], t.Body[3], t.Body[4] = 0xff, 0xff, 0
		}
	}
	for name, file := range map[string][]byte{
		"healthy": flvtest.Stream{Seconds: 60, BFrames: 2}.Build().Bytes(),
		"faulty":  faulty.Build().Bytes(),
		"HEVC":    flvtest.Stream{Seconds: 60, HEVC: true}.Build().Bytes(),
		"tracks":  multitrack(3, false),
	} {
		p, _ := profile.ByID("azure-live-encoding")
		a := New(Options{Profile: p})
		half := len(file) / 2
		_, _ = a.Write(file[:half])
		rest := file[half:]
		step := len(rest) / 100
		tags := a.suite.Stream.Tags
		// AllocsPerRun runs the function once more than asked.
		allocs := testing.AllocsPerRun(98, func() {
			_, _ = a.Write(rest[:step])
			rest = rest[step:]
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations for %d tags", name, allocs*98, a.suite.Stream.Tags-tags)
		}
	}
}
