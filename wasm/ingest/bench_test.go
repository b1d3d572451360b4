package ingest

import (
	"strings"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// long is a URL of 2 kB, as signed URLs with a token in them can be.
func long(n int) string {
	s := "rtmps://" + zeros + ".channel.media.azure.net:1935/live/" + zeros + "/stream1?videodatarate=5000&token="
	return s + strings.Repeat("AbCd0123", (n-len(s))/8)
}

func BenchmarkLint(b *testing.B) {
	for _, c := range []struct{ name, in string }{
		{"short", azure},
		{"2kB", long(2048)},
		{"2kB-dirty", "\u201c" + strings.Replace(long(2048), "AbCd", "A\u200bbCd", 3) + "\u201d "},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.in)))
			b.ReportAllocs()
			for b.Loop() {
				Lint(Options{Input: c.in, Now: now})
			}
		})
	}
}

// With texts and JSON, as the command line and a shared result have it.
func BenchmarkLintJSON(b *testing.B) {
	in := long(2048)
	var buf []byte
	for b.Loop() {
		buf = Lint(Options{Input: in, Now: now, Tell: rules.Tell}).AppendJSON(buf[:0], diag.Tool{})
	}
}

func BenchmarkRedact(b *testing.B) {
	log := strings.Repeat("2026-11-21T20:00:00Z INF [conn 203.0.113.7:51234] opened rtmp://live.example.com/live/key1?token=abc in 12 ms\n", 100)
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		Redact(log)
	}
}
