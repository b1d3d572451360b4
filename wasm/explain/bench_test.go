package explain

import (
	"strconv"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
)

// bigOBS is an ordinary OBS log made long: as many lines as fill size bytes.
func bigOBS(size int) []byte {
	var b strings.Builder
	b.Grow(size + 200)
	for i := 0; b.Len() < size; i++ {
		ms := i * 37
		b.WriteString("20:")
		two := func(n int) {
			if n < 10 {
				b.WriteByte('0')
			}
			b.WriteString(strconv.Itoa(n))
		}
		two(ms / 60000 % 60)
		b.WriteByte(':')
		two(ms / 1000 % 60)
		b.WriteString(".123: ")
		switch i % 8 {
		case 0:
			b.WriteString("[obs-browser]: Refreshing texture for source 'alerts' at 1920x1080 (" + strconv.Itoa(i) + ")\r\n")
		case 3:
			b.WriteString("source 'Webcam': resampler took 1.2 ms, the buffer holds 960 samples and goes on as usual\r\n")
		case 5:
			b.WriteString("\t- scene item: 'Game Capture' visible=1 locked=0 bounds=stretch width=1920 height=1080\r\n")
		default:
			b.WriteString("[win-capture] updated monitor information, device 0: refresh 60 Hz, id \\\\.\\DISPLAY1, size 2560x1440\r\n")
		}
	}
	return []byte(b.String())
}

func bigEvents(size int) []byte {
	var b strings.Builder
	b.Grow(size + 1000)
	b.WriteString("[\n")
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(`{"topic":"/subscriptions/s/resourceGroups/r/providers/Microsoft.Media/mediaservices/a","subject":"liveEvent/demo","eventType":"Microsoft.Media.LiveEventIngestHeartbeat","eventTime":"2024-01-01T00:00:00Z","id":"` + strconv.Itoa(i) + `",
"data":{"trackType":"video","trackName":"video","bitrate":2500000,"incomingBitrate":2462597,"lastTimestamp":"106999","timescale":"1000","overlapCount":0,"discontinuityCount":0,"nonincreasingCount":0,"unexpectedBitrate":false,"state":"Running","healthy":true,"lastFragmentArrivalTime":"2024-01-01T00:00:00.324","ingestDriftValue":"0"},"dataVersion":"1.0","metadataVersion":"1"}`)
	}
	b.WriteString("\n]\n")
	return []byte(b.String())
}

func bigFFmpeg(size int) []byte {
	var b strings.Builder
	b.Grow(size + 200)
	b.WriteString("ffmpeg version 6.1 Copyright (c) 2000-2023 the FFmpeg developers\n")
	for i := 0; b.Len() < size; i++ {
		b.WriteString("frame= " + strconv.Itoa(i) + " fps= 30 q=28.0 size=   12345kB time=00:10:41.13 bitrate=2458.0kbits/s dup=0 drop=0 speed=1.0x    \r")
	}
	return []byte(b.String())
}

func benchmark(b *testing.B, text []byte) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		e := New(Options{})
		for p := text; len(p) > 0; {
			n := min(len(p), 1<<20)
			_, _ = e.Write(p[:n])
			p = p[n:]
		}
		e.Close(diag.StateComplete, "")
	}
}

func BenchmarkOBS(b *testing.B)    { benchmark(b, bigOBS(16<<20)) }
func BenchmarkFFmpeg(b *testing.B) { benchmark(b, bigFFmpeg(16<<20)) }
func BenchmarkEvents(b *testing.B) { benchmark(b, bigEvents(16<<20)) }
