package flv_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv"
)

// logger writes every call of the Handler as a line.
type logger struct {
	lines   []string
	covered int64 // bytes that tags, PreviousTagSizes and garbage account for

	header        flv.Header
	notFLV        bool
	end           flv.State
	have, missing int64
}

func (l *logger) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *logger) Header(h flv.Header) {
	l.header = h
	l.add("header %+v", h)
}

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

func (l *logger) NotFLV(looksLike string) {
	l.notFLV = true
	l.add("not FLV: %q", looksLike)
}

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
	l.end, l.have, l.missing = in, have, missing
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

// accounts checks that every byte of the file belongs to something.
func accounts(l *logger, size int64) error {
	if l.notFLV {
		return nil
	}
	n := l.covered
	switch l.end {
	case flv.InFileHeader:
		return nil
	case flv.InBody:
		n -= l.missing
	case flv.InTagHeader, flv.InPreviousTagSize:
		n += l.have
	}
	if h := int64(l.header.DataOffset); h > 9 && h <= 64<<10 {
		n += h
	} else {
		n += 9
	}
	if n != size {
		return fmt.Errorf("tags and garbage cover %d of %d bytes", n, size)
	}
	return nil
}

func TestEveryChunking(t *testing.T) {
	for _, f := range fixtures() {
		sameInChunks(t, f.name, f.data)
	}
	for name, data := range otherFormats() {
		sameInChunks(t, name, data)
	}
}

func TestSamplesEveryChunking(t *testing.T) {
	for name, data := range samples(t) {
		sameInChunks(t, name, data)
	}
}

func sameInChunks(t *testing.T, name string, data []byte) {
	t.Helper()
	whole := read(data, 0)
	if err := accounts(whole, int64(len(data))); err != nil {
		t.Errorf("%s: %v\n%s", name, err, whole)
	}
	for _, chunk := range []int{1, 2, 7, 4096, 65536} {
		if got := read(data, chunk); got.String() != whole.String() {
			for i := range got.lines {
				if i >= len(whole.lines) || got.lines[i] != whole.lines[i] {
					t.Errorf("%s: chunks of %d differ at call %d:\n%s\nwhole:\n%s", name, chunk, i, got.lines[i], whole.lines[min(i, len(whole.lines)-1)])
					break
				}
			}
		}
	}
}

func TestOtherFormats(t *testing.T) {
	for want, data := range otherFormats() {
		l := read(data, 0)
		if l.lines[0] != fmt.Sprintf("not FLV: %q", want) || len(l.lines) != 2 {
			t.Errorf("%q: %s", want, l)
		}
	}
}

func TestDumpFixture(t *testing.T) {
	name := os.Getenv("FIXTURE")
	if name == "" {
		t.Skip("for a person: FIXTURE=part of a name")
	}
	for _, f := range fixtures() {
		if strings.Contains(f.name, name) {
			fmt.Printf("== %s, %d bytes\n%s\n", f.name, len(f.data), read(f.data, 0))
		}
	}
}
