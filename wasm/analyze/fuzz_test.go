package analyze

import (
	"bytes"
	"runtime"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv/flvtest"
	"ingestdoctor/wasm/profile"
)

// FuzzAnalyze reads anything: no panic, a sound report, the same for every
// chunking.
func FuzzAnalyze(f *testing.F) {
	add := func(file []byte, profile uint8) {
		const most = 12 << 10
		f.Add(file[:min(len(file), most)], profile, uint16(len(file)))
	}
	for i, c := range allFaults() {
		add(c.build(), uint8(i))
	}
	for i, c := range healthy {
		add(c.build(), uint8(i))
	}
	f.Fuzz(func(t *testing.T, file []byte, which uint8, chunk uint16) {
		all := profile.All()
		id := all[int(which)%len(all)].ID
		whole := analyse(t, id, file, 0)
		sound(t, whole)
		if got := analyse(t, id, file, int(chunk)%5000+1).JSON(); !bytes.Equal(got, whole.JSON()) {
			t.Errorf("chunks of %d bytes give another report\n%s\n%s", int(chunk)%5000+1, head(got, whole.JSON()), head(whole.JSON(), got))
		}
		p, _ := profile.ByID(id)
		a := New(Options{Profile: p, Size: -1})
		a.Tail(file)
		_, _ = a.Write(file[:len(file)/2])
		_ = a.Progress().JSON()
		_, _ = a.Write(file[len(file)/2:])
		_ = a.Close(diag.StateCancelled, "x").JSON()
		fuzzLive(t, p, file, int64(chunk))
	})
}

// hostile inputs that try to make the analyser grow: each is written again and
// again until 64 MB have been read.
var hostile = map[string]func(i int, b *flvtest.Builder){
	"256 tracks": func(i int, b *flvtest.Builder) {
		for j := range 256 {
			b.Video(int64(i*40), flvtest.MultiVideo(1, flvtest.OneTrack, 1, flvtest.Track{ID: byte(j), FourCC: "avc1", Payload: flvtest.WithCTS(0, flvtest.NALs(flvtest.Slice(0x65, 7, 20)))}))
			b.Audio(int64(i*40), flvtest.MultiAudio(flvtest.OneTrack, 1, flvtest.Track{ID: byte(j), FourCC: "mp4a", Payload: []byte{1, 2, 3}}))
		}
	},
	"configurations": func(i int, b *flvtest.Builder) {
		for j := range 50 {
			n := i*50 + j
			b.Video(int64(n*40), flvtest.AVCConfig(flvtest.SPS{Width: 16 + n%4000/2*2, Height: 16 + n/4000%2000*2}))
			b.Video(int64(n*40), flvtest.IDR(30, 0))
			b.Audio(int64(n*20), flvtest.AACConfig(44100, 1+n%2)).Audio(int64(n*20), flvtest.AAC(10))
		}
	},
	"leaps": func(i int, b *flvtest.Builder) {
		for j := range 200 {
			n := int64(i*200 + j)
			b.Video(n*7_654_321%(1<<32), flvtest.IDR(20, int(n%9_000_000)))
			b.Audio(n*1_234_567_891%(1<<32), flvtest.AAC(10))
		}
	},
	"key frames": func(i int, b *flvtest.Builder) {
		for j := range 500 {
			n := int64(i*500 + j)
			b.Video(n*int64(1+n%7), flvtest.IDR(20, 0))
		}
	},
	"unknown tags and metadata": func(i int, b *flvtest.Builder) {
		for j := range 100 {
			b.Tag(byte(j%31), int64(i), []byte{0xff, byte(j), 3})
			b.Script(int64(i), flvtest.MetaData(flvtest.N("width", float64(i+j)), flvtest.S("encoder", string(rune('a'+j%26)))))
		}
	},
	"garbage": func(i int, b *flvtest.Builder) {
		b.Video(int64(i*40), flvtest.IDR(40, 0)).Garbage(100)
	},
}

func TestHostileInputStaysSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for name, build := range hostile {
		t.Run(name, func(t *testing.T) {
			p, _ := profile.ByID("azure-live-encoding")
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a := New(Options{Profile: p, Size: -1})
			read, most := 0, 24<<20
			if runtime.GOARCH == "wasm" {
				most = 4 << 20
			}
			first := flvtest.New().Bytes()
			_, _ = a.Write(first)
			for i := 0; read < most; i++ {
				b := flvtest.New()
				for range 10 {
					build(i, b)
					i++
				}
				file := b.Bytes()[13:]
				_, _ = a.Write(file)
				read += len(file)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Errorf("%d MB are held after %d MB of input", grown>>20, read>>20)
			}
			r := a.Close(diag.StateComplete, "")
			sound(t, r)
			if n := len(r.JSON()); n > 1<<20 {
				t.Errorf("a report of %d kB", n>>10)
			}
			runtime.KeepAlive(a)
		})
	}
}
