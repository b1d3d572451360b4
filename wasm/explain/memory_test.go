package explain

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
)

// What is kept does not grow with what is read, whatever it is.
func TestFlatMemory(t *testing.T) {
	if testing.Short() || runtime.GOARCH == "wasm" {
		t.Skip("the same code natively")
	}
	number := 0
	unique := func() string { number++; return strconv.Itoa(number) + "x" }
	for name, line := range map[string]func() string{
		"log lines": func() string { return "20:00:00.000: [obs-browser: 'a'] Info: event shown " + unique() + "\n" },
		"errors":    func() string { return "2024/01/01 12:00:00 [error] 7#7: *1 something failed " + unique() + "\n" },
		"unknown codes": func() string {
			return `{"eventType":"Microsoft.Media.LiveEventConnectionRejected","data":{"resultCode":"MPE_` + unique() + `"}}` + "\n"
		},
		"unknown objects": func() string { return `{"a` + unique() + `":{"b":["` + strings.Repeat("c", 40) + `",1,2,3]}}` + "\n" },
		"tracks": func() string {
			return `{"eventType":"Microsoft.Media.LiveEventIngestHeartbeat","data":{"trackType":"` + unique() + `","bitrate":2,"incomingBitrate":1,"unexpectedBitrate":true}}` + "\n"
		},
		"secrets": func() string {
			return "2024/01/01 12:00:00 [info] 7#7: *1 publish: name='KeyAbcdef" + unique() + "' args='' type=live silent=0\n"
		},
		"one array":     func() string { return `[{"event_type":0,"errcode":` + unique() + `,"stream_id":"a"},` },
		"one line":      func() string { return "abcdefgh " + unique() },
		"one string":    func() string { return `{"a":"` + strings.Repeat("b", 100) + unique() },
		"open brackets": func() string { return strings.Repeat(`{"a":[`, 20) + unique() + "\n" },
		"elements":      func() string { return `{"Records":[{"c":"` + unique() + `"},` },
		"gstreamer": func() string {
			return "ERROR: from element /GstPipeline:p/GstRtmpSink:sink" + unique() + ": Could not open.\n"
		},
	} {
		e := New(Options{})
		var at [2]uint64
		for half := range at {
			for range 24 {
				var b strings.Builder
				for b.Len() < 64<<10 {
					b.WriteString(line())
				}
				_, _ = e.Write([]byte(b.String()))
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			at[half] = m.HeapAlloc
		}
		if grown := int64(at[1]) - int64(at[0]); grown > 1<<20 {
			t.Errorf("%s: %d kB more after another 1.5 MB", name, grown>>10)
		}
		if r := e.Close(diag.StateComplete, ""); len(r.JSON()) > 4<<20 {
			t.Errorf("%s: a report of %d kB", name, len(r.JSON())>>10)
		}
	}
}
