package e2e

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"ingestdoctor/web/e2e/flvgen"
)

// hostile is an input that is no recording, or a broken one.
type hostile struct {
	name string
	data []byte
	rule string // one of the findings
	word string // in the text that a person reads, where there is one to expect
}

func hostiles(t *testing.T) []hostile {
	t.Helper()
	var clean bytes.Buffer
	s := flvgen.Clean
	s.DurationMS = 10000
	if _, err := s.Write(&clean); err != nil {
		t.Fatal(err)
	}
	header := []byte{'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0}
	noise := make([]byte, 100_000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	mp4 := append([]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x00\x08free"), noise[:5000]...)
	mkv := append([]byte("\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x88matroska"), noise[:5000]...)
	ts := bytes.Repeat(append([]byte{0x47, 0x40, 0x11, 0x10}, make([]byte, 184)...), 40)

	// A tag of type 9 that claims 16 MB - 1, with 100 bytes behind it.
	claims := append(bytes.Clone(clean.Bytes()[:clean.Len()/2]), 9, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0)
	claims = append(append(bytes.Clone(header), claims[len(header):]...), make([]byte, 100)...)

	// onMetaData holding an object in an object, 20,000 deep.
	body := []byte{2, 0, 10}
	body = append(body, "onMetaData"...)
	for range 20_000 {
		body = append(body, 3, 0, 1, 'a')
	}
	deep := append(bytes.Clone(header), 18, byte(len(body)>>16), byte(len(body)>>8), byte(len(body)), 0, 0, 0, 0, 0, 0, 0)
	deep = append(deep, body...)
	deep = binary.BigEndian.AppendUint32(deep, uint32(len(body)+11))
	deep = append(deep, clean.Bytes()[13:]...)

	return []hostile{
		{name: "empty.flv", data: nil, rule: "flv-signature", word: "empty"},
		{name: "nine-bytes.flv", data: header[:9], rule: "flv-empty"},
		{name: "film.mp4", data: mp4, rule: "flv-signature", word: "ffmpeg"},
		{name: "film.mkv", data: mkv, rule: "flv-signature", word: "ffmpeg"},
		{name: "film.ts", data: ts, rule: "flv-signature", word: "ffmpeg"},
		{name: "page.html", data: []byte("<!doctype html><html><body>404 Not Found</body></html>"), rule: "flv-signature", word: "HTML"},
		{name: "noise.flv", data: noise, rule: "flv-signature"},
		{name: "noise-in-flv.flv", data: append(bytes.Clone(header), noise...), rule: "flv-garbage"},
		{name: "claims-16-mb.flv", data: claims},
		{name: "nested-20000.flv", data: deep, rule: "metadata-malformed"},
		{name: "cut.flv", data: clean.Bytes()[:clean.Len()*2/3+5], rule: "flv-truncated"},
	}
}

func (h hostile) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), h.name)
	if err := os.WriteFile(path, h.data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
