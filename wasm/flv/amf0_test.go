package flv_test

import (
	"bytes"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"ingestdoctor/wasm/flv"
	ft "ingestdoctor/wasm/flv/flvtest"
)

func obj(kind flv.AMFKind, props ...flv.AMFProperty) flv.AMFValue {
	return flv.AMFValue{Kind: kind, Props: props}
}

func TestAMF0RoundTrip(t *testing.T) {
	values := []flv.AMFValue{
		flv.Str("onMetaData"), flv.Num(29.97), flv.Num(math.Inf(-1)), flv.Bool(true), flv.Bool(false), flv.Str(""),
		flv.Str(strings.Repeat("é", 40_000)),
		{Kind: flv.AMFNull},
		{Kind: flv.AMFUndefined},
		{Kind: flv.AMFDate, Num: 1.7e12},
		{Kind: flv.AMFXML, Str: "<a/>"},
		{Kind: flv.AMFReference, Num: 513},
		{Kind: flv.AMFUnsupported},
		obj(flv.AMFObject, ft.N("a", 1), flv.AMFProperty{Name: "b", Value: obj(flv.AMFECMAArray, ft.S("c", "d"), ft.T("e", true))}),
		{Kind: flv.AMFTypedObject, Str: "Class", Props: []flv.AMFProperty{ft.N("x", 2)}},
		{Kind: flv.AMFStrictArray, Items: []flv.AMFValue{flv.Num(1), flv.Str("2"), obj(flv.AMFObject)}},
	}
	var b []byte
	for _, v := range values {
		b = flv.AppendAMF0(b, v)
	}
	got, err := flv.DecodeAMF0(b)
	if err != nil || !reflect.DeepEqual(got, values) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, values)
	}
}

func TestAMF0Accessors(t *testing.T) {
	v := obj(flv.AMFObject, ft.N("n", 3), ft.S("s", "x"), ft.T("t", true), ft.N("n", 4))
	n, ok := v.Get("n")
	if f, isNum := n.Number(); !ok || !isNum || f != 3 {
		t.Error("n:", f, isNum)
	}
	s, _ := v.Get("s")
	if x, isText := s.Text(); x != "x" || !isText || s.String() != "x" {
		t.Error("s:", x)
	}
	if _, isNum := s.Number(); isNum {
		t.Error("a string is no number")
	}
	tr, _ := v.Get("t")
	if b, isBool := tr.Bool(); !b || !isBool {
		t.Error("t:", b)
	}
	if _, ok := v.Get("none"); ok || !v.IsObject() || n.IsObject() {
		t.Error("Get, IsObject")
	}
}

func TestAMF0Errors(t *testing.T) {
	name := ft.Script("onMetaData")
	meta := ft.MetaData(ft.N("width", 1280), ft.N("height", 720))
	cat := func(p ...[]byte) []byte { return bytes.Join(p, nil) }
	for _, c := range []struct {
		name   string
		body   []byte
		offset int // -1: no error
		values int // read all the same
	}{
		{"whole", meta, -1, 2},
		{"end marker missing", meta[:len(meta)-3], -1, 2},
		{"end marker cut", meta[:len(meta)-1], -1, 2},
		{"object end behind it", cat(meta, []byte{0, 0, 9}), -1, 2},
		{"zero padding", cat(meta, make([]byte, 5)), -1, 2},
		{"count 0", cat(name, []byte{8, 0, 0, 0, 0, 0, 1, 'a', 1, 1, 0, 0, 9}), -1, 2},
		{"count 2^32-1", cat(name, []byte{8, 255, 255, 255, 255, 0, 1, 'a', 1, 1, 0, 0, 9}), -1, 2},
		{"cut in a number", meta[:len(meta)-5], len(meta) - 3 - 8, 2},
		{"cut in a name", cat(name, []byte{3, 0, 9, 'a'}), 14, 2},
		{"unknown marker", cat(name, []byte{3, 0, 1, 'a', 99}), 17, 2},
		{"string too long", []byte{2, 0, 9, 'a'}, 3, 0},
		{"long string of 4 GB", cat(name, []byte{12, 255, 255, 255, 255, 'a'}), 18, 1},
		{"strict array of 2^31", cat(name, []byte{10, 0x80, 0, 0, 0}), 18, 2},
		{"strict array cut", cat(name, []byte{10, 0, 0, 0, 3, 5, 5}), 20, 2},
		{"html", []byte("<html>"), 0, 0},
		{"object end first", []byte{9, 0, 0}, 0, 0},
		{"amf3 value", cat(name, []byte{17, 10, 11, 1}), -1, 2},
		{"amf3 inside", cat(name, []byte{3, 0, 1, 'a', 17, 10}), 18, 2},
		{"empty", nil, -1, 0},
	} {
		values, err := flv.DecodeAMF0(c.body)
		at := -1
		if err != nil {
			at = err.Offset
			if err.Reason == "" {
				t.Errorf("%s: no reason", c.name)
			}
		}
		if at != c.offset || len(values) != c.values {
			t.Errorf("%s: error %v, %d values; want at %d, %d values", c.name, err, len(values), c.offset, c.values)
		}
	}
}

func TestAMF0HostileIsCheap(t *testing.T) {
	deep := ft.Script("onMetaData")
	for range 20_000 {
		deep = append(deep, 3, 0, 1, 'a')
	}
	arrays := bytes.Repeat([]byte{10, 0x80, 0, 0, 0}, 200_000)
	flat := ft.Script("onMetaData")
	flat = append(flat, 10, 0, 1, 0x86, 0xa0)
	flat = append(flat, bytes.Repeat([]byte{0, 0x40, 0, 0, 0, 0, 0, 0, 0}, 100_000)...)
	long := bytes.Repeat(append([]byte{2, 0xff, 0xff}, make([]byte, 0xffff)...), 15)
	for name, c := range map[string]struct {
		body []byte
		fail bool
	}{"nested objects": {deep, true}, "nested arrays": {arrays, true}, "100,000 numbers": {flat, false}, "long strings": {long, false}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		values, err := flv.DecodeAMF0(c.body)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if (err != nil) != c.fail {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
		if took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if name == "100,000 numbers" && (len(values[1].Items) != 1024 || len(values[1].Items)+values[1].Omitted != 100_000) {
			t.Errorf("%s: %d kept, %d left out", name, len(values[1].Items), values[1].Omitted)
		}
	}
}

func TestAMF0InvalidUTF8(t *testing.T) {
	values, err := flv.DecodeAMF0([]byte{2, 0, 4, 'a', 0xff, 0xc3, 0xa9})
	if err != nil || values[0].Str != `a\xffé` {
		t.Errorf("%v %+v", err, values)
	}
}

func TestScripts(t *testing.T) {
	plain := ft.MetaData(ft.N("width", 1280))
	set := append(flv.AppendAMF0(nil, flv.Str("@setDataFrame")), plain...)
	for _, c := range []struct {
		name string
		typ  byte
		body []byte
		want flv.Script
	}{
		{"array", 18, plain, flv.Script{Name: "onMetaData"}},
		{"object", 18, ft.MetaDataObject(ft.N("width", 1280)), flv.Script{Name: "onMetaData"}},
		{"@setDataFrame", 18, set, flv.Script{Name: "onMetaData", SetDataFrame: true}},
		{"type 15", 15, append([]byte{0}, plain...), flv.Script{Name: "onMetaData", AMF3: true}},
		{"type 15 without its byte", 15, plain, flv.Script{Name: "onMetaData", AMF3: true}},
	} {
		s := frame(t, c.typ, c.body).Script
		if s == nil || s.Name != c.want.Name || s.SetDataFrame != c.want.SetDataFrame || s.AMF3 != c.want.AMF3 || s.Err != nil {
			t.Errorf("%s: %+v", c.name, s)
			continue
		}
		w, ok := s.Values[0].Get("width")
		if n, _ := w.Number(); !ok || n != 1280 {
			t.Errorf("%s: width %v", c.name, w)
		}
	}
	// The error is told from the start of the body, the format byte included.
	s := frame(t, 15, []byte{0, 2, 0, 1, 'a', 99}).Script
	if s.Err == nil || s.Err.Offset != 5 || s.Name != "a" {
		t.Errorf("%+v", s)
	}
	// More than we decode is no fault.
	s = frame(t, 18, append(bytes.Clone(plain), bytes.Repeat([]byte{2, 0, 100}, 2<<20)...)).Script
	if s.Err != nil || !s.Cut || s.Name != "onMetaData" {
		t.Errorf("cut: err %v", s.Err)
	}
}
