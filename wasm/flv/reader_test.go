package flv_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
)

// logger writes every call of the Handler as a line.
type logger struct {
	lines   []string
	covered int64 // bytes that tags, PreviousTagSizes and garbage account for
}

func (l *logger) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *logger) Header(h flv.Header) { l.add("header %+v", h) }

func (l *logger) Tag(t *flv.Tag, frames []flv.Frame) {
	l.add("tag %+v", *t)
	for _, f := range frames {
		c, s := f.Config, f.Script
		f.Config, f.Script = nil, nil
		l.add("  frame %+v", f)
		if c != nil {
			l.add("    config %+v", *c)
		}
		if s != nil {
			l.add("    script %+v err %v", *s, s.Err)
		}
	}
	l.covered += 11 + int64(t.Size)
}

func (l *logger) PreviousTagSize(t *flv.Tag, offset int64, got uint32) {
	i := int64(-1)
	if t != nil {
		i = t.Index
	}
	l.add("pts of %d at %d: %d", i, offset, got)
	l.covered += 4
}

func (l *logger) Garbage(offset, n int64) {
	l.add("garbage %d+%d", offset, n)
	l.covered += n
}

func (l *logger) NotFLV(looksLike string) { l.add("not FLV: %q", looksLike) }

func (l *logger) String() string { return strings.Join(l.lines, "\n") }

// read gives the log of the file in chunks of this size (0: whole).
func read(data []byte, chunk int) *logger {
	l := &logger{}
	r := flv.NewReader(l)
	for p := data; len(p) > 0; {
		n := len(p)
		if chunk > 0 {
			n = min(n, chunk)
		}
		r.Write(p[:n])
		p = p[n:]
	}
	r.Close()
	in, have, missing := r.End()
	l.add("end in %d, %d read, %d missing, %d bytes, %d tags, header %v", in, have, missing, r.BytesRead(), r.TagCount(), r.HeaderSeen())
	return l
}

func samples(t testing.TB) map[string][]byte {
	dir := "../../../shared/samples"
	names, _ := filepath.Glob(filepath.Join(dir, "*.flv"))
	if len(names) == 0 {
		t.Skip("no recordings at ", dir)
	}
	out := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = b
	}
	return out
}

func TestDump(t *testing.T) {
	name := os.Getenv("FLV")
	if name == "" {
		t.Skip("for a person: FLV=file")
	}
	b, _ := os.ReadFile(name)
	fmt.Println(read(b, 0))
}

func TestHealthy(t *testing.T) {
	b := flvtest.Healthy(4, 30, 2).Bytes()
	whole := read(b, 0).String()
	for _, chunk := range []int{1, 7, 4096} {
		if got := read(b, chunk).String(); got != whole {
			t.Errorf("chunks of %d read differently", chunk)
		}
	}
	if strings.Contains(whole, "garbage") || strings.Contains(whole, "Broken:true") {
		t.Error(whole)
	}
}
