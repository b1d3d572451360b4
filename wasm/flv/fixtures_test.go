package flv_test

import (
	"bytes"
	"math/rand/v2"

	ft "ingestdoctor/wasm/flv/flvtest"
)

// fixture is a file by name; the same list feeds the tests of every chunking,
// the invariants and the fuzzers' seeds.
type fixture struct {
	name string
	data []byte
}

var meta = ft.MetaData(ft.N("width", 1280), ft.N("height", 720))

// short begins a small valid recording.
func short() *ft.Builder {
	return ft.New().Script(0, meta).
		Video(0, ft.AVCConfig(ft.SPS{FPS: 30})).Audio(0, ft.AACConfig(44100, 2)).
		Video(0, ft.IDR(500, 0)).Audio(0, ft.AAC(50)).Audio(23, ft.AAC(60)).Video(33, ft.P(100, 0))
}

func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func withPTS(mode ft.PTSMode) *ft.Builder {
	b := ft.New()
	b.PTS = mode
	b.Script(0, meta).Video(0, ft.AVCConfig(ft.SPS{})).Audio(0, ft.AACConfig(44100, 2))
	for i := range int64(6) {
		b.Video(i*40, ft.P(300, 0)).Audio(i*40, ft.AAC(30))
	}
	return b
}

func fixtures() []fixture {
	av1 := ft.AV1Record(1920, 1080)
	hevc := ft.HEVCRecord(1920, 1080, 60)
	hvcFrame := ft.WithCTS(33, ft.NALs(ft.HEVCSlice(19, 200), ft.HEVCSlice(1, 50)))
	tracks := []ft.Track{
		{ID: 0, FourCC: "avc1", Payload: ft.WithCTS(10, ft.NALs(ft.Slice(0x65, 7, 40)))},
		{ID: 1, FourCC: "hvc1", Payload: hvcFrame},
		{ID: 200, FourCC: "av01", Payload: []byte{0x12, 0, 0x0a, 1}},
	}
	many := make([]ft.Track, 70)
	for i := range many {
		many[i] = ft.Track{ID: byte(i), FourCC: "Opus", Payload: []byte{1, 2, 3}}
	}
	var list []fixture
	add := func(name string, b *ft.Builder) { list = append(list, fixture{name, b.Bytes()}) }
	raw := func(name string, b []byte) { list = append(list, fixture{name, b}) }

	add("healthy", ft.Stream{Seconds: 2, FPS: 30, GOP: 1}.Build())
	add("b-frames", ft.Stream{Seconds: 2, BFrames: 2}.Build())
	add("short", short())
	raw("empty", nil)
	raw("one byte", []byte("F"))
	raw("two bytes", []byte("FL"))
	raw("signature", []byte("FLV"))
	raw("eight bytes", []byte("FLV\x01\x05\x00\x00\x00"))
	add("header only", ft.New().Cut(4))
	add("header and pts", ft.New())
	add("header, cut pts", ft.New().Cut(2))
	add("odd version", ft.NewHeader(7, 0xff, 9).Video(0, ft.P(10, 0)))
	add("long header", ft.NewHeader(1, 5, 40).Video(0, ft.P(10, 0)).Audio(0, ft.AAC(4)))
	add("header offset 4", ft.NewHeader(1, 5, 4).Video(0, ft.P(10, 0)))
	add("header offset beyond the file", ft.NewHeader(1, 5, 5000).Cut(4000))
	add("header offset 2^32-1", ft.NewHeader(1, 5, 1<<32-1).Cut(4+1<<16-9).Raw(0, 0, 0, 0).Video(0, ft.P(10, 0)))
	raw("no first pts", append(ft.New().Cut(4).Bytes(), short().Bytes()[13:]...))
	add("pts zero", withPTS(ft.PTSZero))
	add("pts more", withPTS(ft.PTSMore))
	add("pts wrong", withPTS(ft.PTSWrong))
	add("last pts missing", short().Cut(4))
	add("last pts cut", short().Cut(1))
	add("cut in body", short().Cut(30))
	add("cut in header", short().Cut(4+105+5))
	add("cut behind header", short().Cut(4+105))
	add("zero-length tags", ft.New().Audio(0, nil).Video(0, nil).Script(0, nil).AMF3(0, nil).Audio(5, ft.AAC(4)))
	add("headers without payload", ft.New().Audio(0, []byte{0xaf, 1}).Video(0, []byte{0x17, 1, 0, 0, 0}).Audio(0, []byte{0x2f}).
		Video(0, []byte{0x22}).Video(0, []byte{0x17, 0, 0, 0, 0}).Audio(0, []byte{0xaf, 0}))
	add("bodies cut short", ft.New().Audio(0, []byte{0xaf}).Video(0, []byte{0x17}).Video(0, []byte{0x17, 1}).Video(0, []byte{0x17, 0, 1}).
		Video(0, []byte{0x17, 2}).Video(0, []byte{0x17, 9, 0, 0, 0}).Audio(0, []byte{0xaf, 7, 1}).Video(0, []byte{0x57, 0}).Video(0, []byte{0x57}))
	add("end of sequence", short().Video(66, ft.AVCEnd()))
	add("negative start", ft.New().Video(-16, ft.P(20, 0)).Audio(-10, ft.AAC(20)).Video(17, ft.P(20, 0)))
	add("wrap", ft.New().Video(1<<32-20, ft.P(20, 0)).Audio(1<<32-10, ft.AAC(20)).Video(1<<32+13, ft.P(20, 0)).Audio(1<<32+13, ft.AAC(20)))
	add("sign change", ft.New().Video(1<<31-20, ft.P(20, 0)).Audio(1<<31-10, ft.AAC(20)).Video(1<<31+13, ft.P(20, 0)))

	add("garbage of 1", short().Raw(0x55).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)))
	add("garbage", short().Garbage(500).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)).Garbage(77).Audio(99, ft.AAC(40)).Garbage(12))
	add("garbage before the first tag", ft.New().Garbage(40).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)))
	add("garbage of zeros", short().Raw(make([]byte, 3000)...).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)))
	add("garbage at the end", short().Raw(make([]byte, 3000)...))
	add("garbage that looks like headers", short().Raw(bytes.Repeat([]byte{9, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0}, 90)...).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)))
	add("garbage that claims far", short().Raw(bytes.Repeat([]byte{1, 9, 0x0e, 0xff, 30, 0, 0, 0, 0, 0, 0, 0}, 90)...).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)))
	add("three bytes at the end", short().Raw(1, 2, 3))
	add("noise", short().Raw(noise(100_000, 1)...))
	add("noise and tags", short().Raw(noise(100_000, 2)...).Video(66, ft.P(40, 0)).Video(99, ft.P(40, 0)))
	z := withPTS(ft.PTSZero)
	add("noise where pts is zero", z.Raw(noise(100_000, 3)...))
	add("zeros where pts is zero", withPTS(ft.PTSZero).Raw(make([]byte, 50_000)...))
	add("claims 16 MB", short().Claim(9, 50, 1<<24-1, ft.IDR(900, 0)))
	add("claims 16 MB of config", short().Claim(9, 50, 1<<24-1, ft.AVCConfig(ft.SPS{})))
	add("claims 16 MB of script", short().Claim(18, 50, 1<<24-1, meta))

	add("unknown type", short().Tag(1, 40, []byte("what is this")).Tag(31, 41, nil).Tag(20, 44, make([]byte, 700)).Video(66, ft.P(40, 0)))
	add("unknown type at the end", short().Tag(1, 40, []byte("what is this")))
	add("unknown type at the end, no pts", short().Tag(1, 40, []byte("what is this")).Cut(4))
	add("unknown type first", ft.New().Tag(6, 0, []byte("x")).Video(66, ft.P(40, 0)))
	add("unknown type, pts zero", withPTS(ft.PTSZero).Tag(1, 40, []byte("what is this")).Video(66, ft.P(40, 0)))
	add("encrypted", short().Tag(9|0x20, 40, ft.P(60, 0)).Tag(8|0x20, 41, ft.AAC(10)).Video(66, ft.P(40, 0)))
	add("all encrypted", ft.New().Tag(18|0x20, 0, meta).Tag(9|0x20, 40, ft.P(60, 0)).Tag(8|0x20, 41, ft.AAC(10)))
	b := ft.New()
	b.StreamID = 1
	add("stream id 1", b.Script(0, meta).Video(0, ft.P(60, 0)).Audio(0, ft.AAC(10)))
	b = short()
	b.StreamID = 5
	b.Video(66, ft.P(60, 0))
	b.StreamID = 0
	b.Video(99, ft.P(60, 0))
	b.StreamID = 9
	add("stream ids", b.Video(133, ft.P(60, 0)))

	add("annex b", short().Video(66, ft.AnnexB(1, ft.Slice(0x67, 7, 20), ft.Slice(0x65, 7, 90))))
	add("annex b, short codes", short().Video(66, ft.AVCRaw(1, 0, append([]byte{0, 0, 1}, ft.Slice(0x65, 7, 90)...))))
	add("annex b, before config", ft.New().Video(66, ft.AnnexB(1, ft.Slice(0x67, 7, 20), ft.Slice(0x65, 7, 90))))
	add("broken nal", short().Video(66, append(ft.P(60, 0), 1)).Video(99, append(ft.P(60, 0), 0, 0, 9, 9, 1)))
	add("nal of no bytes", short().Video(66, ft.AVCRaw(2, 0, make([]byte, 40))).Video(66, ft.AVC(2, 0, nil, ft.Slice(0x41, 5, 30), nil)))
	add("nal of one byte", short().Video(66, ft.AVC(2, 0, []byte{9}, ft.Slice(0x41, 5, 30), []byte{10})))
	for _, n := range []int{1, 2, 3} {
		p := []byte{0x65, 0x88, 1, 2, 3, 4, 5}
		l := make([]byte, n)
		l[n-1] = byte(len(p))
		pay := append(append([]byte{}, l...), p...)
		pay = append(pay, pay...)
		add("nal length "+string(rune('0'+n)), ft.New().Video(0, ft.AVCConfigRecord(ft.AVCRecord(ft.SPS{}, n))).
			Video(0, ft.AVCRaw(1, 0, pay)).Video(33, ft.AnnexB(2, ft.Slice(0x41, 5, 30))))
	}
	add("hevc the chinese way", ft.New().Video(0, append([]byte{0x1c, 0, 0, 0, 0}, hevc...)).
		Video(0, append([]byte{0x1c, 1, 0, 0, 20}, ft.NALs(ft.HEVCSlice(20, 90))...)).Video(40, append([]byte{0x1d, 0, 0, 0, 0}, av1...)))

	add("e-rtmp hevc", ft.New().Video(0, ft.ExVideo(1, 0, "hvc1", hevc)).Video(0, ft.ExVideo(1, 1, "hvc1", hvcFrame)).
		Video(33, ft.ExVideo(2, 3, "hvc1", hvcFrame[3:])).Video(66, ft.ExVideo(1, 2, "hvc1", nil)))
	add("e-rtmp av1", ft.New().Video(0, ft.ExVideo(1, 0, "av01", nil)).Video(0, ft.ExVideo(1, 0, "av01", av1)).
		Video(0, ft.ExVideo(1, 1, "av01", []byte{0x12, 0})).Video(0, ft.ExVideo(1, 5, "av01", []byte{1, 2, 3})))
	add("e-rtmp vp9", ft.New().Video(0, ft.ExVideo(1, 0, "vp09", []byte{1, 0, 0, 0, 0, 31, 0x80, 1, 1, 1, 0, 0})).Video(9, ft.ExVideo(1, 1, "vp09", []byte{1})).
		Video(0, ft.ExVideo(1, 0, "vp08", []byte{0, 10, 0x80, 1, 1, 1, 0, 0})))
	add("e-rtmp metadata", ft.New().Video(0, ft.ExVideo(1, 4, "hvc1", ft.Script("colorInfo"))).
		Video(0, ft.ExVideo(5, 4, "hvc1", ft.Script("colorInfo"))).Video(0, ft.ExVideo(5, 1, "", []byte{1})))
	add("e-rtmp unknown", ft.New().Video(0, ft.ExVideo(1, 1, "zzzz", []byte{1, 2})).Video(0, ft.ExVideo(1, 9, "avc1", []byte{1})).
		Audio(0, ft.ExAudio(1, "yyyy", []byte{1, 2})).Audio(0, ft.ExAudio(11, "Opus", []byte{1})))
	add("e-rtmp audio", ft.New().Audio(0, ft.ExAudio(0, "Opus", ft.OpusHead(2, 48000))).Audio(0, ft.ExAudio(1, "Opus", []byte{0xfc, 1})).
		Audio(0, ft.ExAudio(0, "Opus", nil)).Audio(0, ft.ExAudio(0, "fLaC", ft.FLACHead(96000, 2, 24))).
		Audio(0, ft.ExAudio(0, "mp4a", ft.ASC(29, 44100, 2))).Audio(0, ft.ExAudio(1, "mp4a", nil)).
		Audio(0, ft.ExAudio(4, "Opus", []byte{1, 6, 0, 0, 0, 0x3f})).Audio(0, ft.ExAudio(4, "Opus", []byte{2, 6, 0})).
		Audio(0, ft.ExAudio(1, "ac-3", []byte{0x0b, 0x77, 0, 0, 0x14, 0x40, 0x43, 0xe1, 9, 9})).
		Audio(0, ft.ExAudio(1, "ec-3", []byte{0x0b, 0x77, 1, 0xff, 0x3f, 0x85, 9, 9})).
		Audio(0, ft.ExAudio(1, ".mp3", ft.MP3(50)[1:])).Audio(0, ft.ExAudio(2, "Opus", nil)))
	add("e-rtmp cut", ft.New().Video(0, []byte{0x91}).Video(0, []byte{0x91, 'h', 'v', 'c'}).Video(0, ft.ExVideo(1, 1, "hvc1", []byte{0})).
		Video(0, []byte{0x97}).Video(0, []byte{0x97, 255, 1}).Video(0, []byte{0x97, 3, 1}).Video(0, []byte{0x96}).Video(0, []byte{0x96, 0x00}).
		Video(0, []byte{0x96, 0x31}).Video(0, []byte{0x96, 0x16}).Audio(0, []byte{0x95, 0x21, 'a', 'b'}).Audio(0, []byte{0x95, 0x01, 'O', 'p', 'u', 's'}))
	add("multitrack", ft.New().Video(0, ft.MultiVideo(1, ft.ManyTracksCodec, 1, tracks...)).
		Video(0, ft.MultiVideo(1, ft.ManyTracks, 1, ft.Track{ID: 1, FourCC: "avc1", Payload: tracks[0].Payload}, ft.Track{ID: 2, Payload: tracks[0].Payload}, ft.Track{ID: 3})).
		Video(0, ft.MultiVideo(1, ft.OneTrack, 0, ft.Track{ID: 7, FourCC: "hvc1", Payload: hevc})).
		Video(0, ft.MultiVideo(1, ft.OneTrack, 1, ft.Track{ID: 7, FourCC: "hvc1", Payload: hvcFrame})).
		Audio(0, ft.MultiAudio(ft.ManyTracks, 1, many[:64]...)).Audio(0, ft.MultiAudio(ft.ManyTracks, 1, many...)).
		Audio(0, ft.MultiAudio(ft.ManyTracks, 1, many[:3]...)[:20]))
	nano := ft.NanoOffset(ft.ExVideo(2, 1, "avc1", ft.WithCTS(5, ft.NALs(ft.Slice(0x41, 5, 30)))), 123456)
	add("modex", ft.New().Video(0, nano).Video(0, ft.ModEx(nano, 3, make([]byte, 300))).Video(0, ft.ModEx(nano, 0, make([]byte, 256))).
		Video(0, ft.ModEx(ft.ModEx(nano, 5, []byte{1}), 5, []byte{1, 2})).
		Video(0, ft.NanoOffset(ft.MultiVideo(1, ft.ManyTracksCodec, 1, tracks...), 5)).
		Audio(0, ft.NanoOffset(ft.ExAudio(1, "Opus", []byte{1, 2, 3}), 77)).Audio(0, bytes.Repeat([]byte{0x97, 0, 1, 0x07}, 90)))

	add("config malformed", ft.New().Video(0, ft.AVCConfigRecord([]byte{1, 100, 0})).Video(0, ft.AVCConfigRecord([]byte{0, 0, 0, 1, 0x67, 1})).
		Video(0, ft.AVCConfigRecord([]byte{1, 100, 0, 40, 0xff, 0xe1, 0, 3, 0x67, 100, 0})).Audio(0, ft.AACConfigRecord([]byte{0x12})).
		Video(0, ft.AVCConfigRecord(make([]byte, 70_000))))
	cfg := ft.AVCConfig(ft.SPS{Width: 1920, Height: 1080})
	add("config repeated", ft.New().Video(0, cfg).Video(0, ft.IDR(50, 0)).Video(0, cfg).Video(40, ft.P(50, 0)).Video(40, ft.AVCConfig(ft.SPS{Width: 640, Height: 360})).Video(80, cfg))
	add("old codecs", ft.New().Audio(0, ft.MP3(60)).Audio(26, ft.MP3(60)).Video(0, []byte{0x12, 0, 0, 0x84, 0, 0x82, 0x80, 0x01, 0x90, 0x80, 1, 1}).Video(0, []byte{0x22, 0, 0, 0x84}).
		Video(0, []byte{0x13, 0x41, 0x40, 0x30, 0xf0, 1}).Video(0, []byte{0x14, 0x08, 0x68, 0x46, 45, 80, 45, 80, 1}).
		Video(0, []byte{0x15, 0x08, 0, 0, 9, 0x69, 0x46, 0, 9, 45, 80, 45, 80, 1}).Audio(0, []byte{0x3e, 1, 2, 3, 4}).
		Audio(0, []byte{0x62, 1}).Audio(0, []byte{0xb6, 1}).Audio(0, []byte{0x7a, 1}).Video(0, []byte{0x11, 9}).Video(0, []byte{0x18, 9}).Audio(0, []byte{0xc0, 9}))

	deep := ft.Script("onMetaData")
	for range 20_000 {
		deep = append(deep, 3, 0, 1, 'a')
	}
	add("scripts", ft.New().Script(0, ft.MetaDataObject(ft.N("width", 1))).Script(0, ft.Script("@setDataFrame")).
		Script(0, append(ft.Script("@setDataFrame"), meta...)).Script(0, meta[:len(meta)-3]).Script(0, meta[:len(meta)-5]).
		Script(0, append(bytes.Clone(meta), 0, 0, 9)).AMF3(0, meta).Tag(15, 0, meta).Script(0, []byte{0xff, 1, 2}).
		Script(0, deep).Script(0, []byte{10, 0xff, 0xff, 0xff, 0xff}).Script(0, []byte{8, 0xff, 0xff, 0xff, 0xff, 0, 0, 9}))
	add("script of 2 MB", ft.New().Script(0, append(bytes.Clone(meta), make([]byte, 2<<20)...)))
	return list
}

func otherFormats() map[string][]byte {
	pad := func(head string, n int) []byte { return append([]byte(head), make([]byte, n)...) }
	ts := make([]byte, 188*20)
	for i := 0; i < len(ts); i += 188 {
		ts[i] = 0x47
		ts[i+1] = 9
	}
	m2ts := make([]byte, 192*20)
	for i := 4; i < len(m2ts); i += 192 {
		m2ts[i] = 0x47
	}
	rtmp := append([]byte{3, 0, 0, 0, 9, 0, 0, 0, 0}, noise(1528, 5)...)
	return map[string][]byte{
		"MP4":                              pad("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", 3000),
		"fragmented MP4":                   pad("\x00\x00\x00\x1cftypiso5\x00\x00\x02\x00iso6mp41xx", 3000),
		"QuickTime MOV":                    pad("\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", 3000),
		"MPEG-TS":                          ts,
		"M2TS":                             m2ts,
		"Matroska":                         pad("\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x86\x81\x01\x42\x82\x88matroska", 100),
		"WebM":                             pad("\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm", 100),
		"AVI":                              pad("RIFF\x00\x00\x10\x00AVI LIST", 100),
		"WAV":                              pad("RIFF\x00\x00\x10\x00WAVEfmt ", 100),
		"MP3":                              pad("ID3\x03\x00\x00\x00\x00\x00\x00", 100),
		"AAC (ADTS)":                       pad("\xff\xf1\x50\x80\x02\x1f\xfc", 100),
		"Ogg":                              pad("OggS\x00\x02", 100),
		"HTML":                             []byte("\n<!DOCTYPE html><html><head><title>404</title>"),
		"XML":                              []byte("<?xml version=\"1.0\"?><MPD/>"),
		"JSON":                             []byte("{\"error\": \"not found\"}"),
		"an HLS playlist":                  []byte("#EXTM3U\n#EXT-X-VERSION:3\n"),
		"plain text":                       []byte("404 page not found\n"),
		"gzip":                             pad("\x1f\x8b\x08", 50),
		"ZIP":                              pad("PK\x03\x04", 50),
		"PNG":                              pad("\x89PNG\r\n\x1a\n", 50),
		"JPEG":                             pad("\xff\xd8\xff\xe0", 50),
		"a packet capture":                 pad("\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 50),
		"raw H.264 or HEVC (Annex B)":      append([]byte{0, 0, 0, 1}, ft.SPS{}.NAL()...),
		"a raw RTMP connection":            rtmp,
		"FLV tags without the file header": short().Bytes()[13:],
		"empty":                            {},
		"a cut FLV header":                 []byte("FLV\x01"),
		"zeros":                            make([]byte, 5000),
		"":                                 noise(5000, 9),
	}
}
