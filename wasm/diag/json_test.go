package diag

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

var hostile = []string{
	"", "plain", "a\x00b\x1f\x7f", "\xff\xfe\x80 bad", "half \xe2\x80", "<script>alert(1)</script>&amp;",
	"line\u2028sep\u2029", "quote\" back\\slash /", "tab\tnl\ncr\r\b\f", "emoji 😀 and é", "\ufffd", "\xed\xa0\x80",
	strings.Repeat("<", 300),
}

// full fills every field of v with something that is not zero, so that a field
// that the hand-written encoder forgets shows up.
func full(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case Args:
		v.Set(reflect.ValueOf(Args{I("count", int64(*n)), F("rate_fps", 29.97), F("whole_fps", 30), S("what", hostile[*n%len(hostile)]), B("yes", true), B("no", false), I("neg_ms", -5), F("tiny", 1e-9), F("huge", -3e30)}))
		return
	case Severity:
		v.Set(reflect.ValueOf(Severity(1 + *n%3)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			full(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			full(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(hostile[1+*n%(len(hostile)-1)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) * 1_000_003)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	default:
		panic("diag: a kind of field that the test does not know: " + v.Kind().String())
	}
}

func fullReport() *Report {
	r := new(Report)
	n := 0
	full(reflect.ValueOf(r).Elem(), &n)
	r.Series.AVMinMS = Floats{math.NaN(), 1.5, math.Inf(1), -0.25}
	return r
}

// plainFinding has no methods, so that encoding/json goes by the tags.
type plainFinding Finding

// byTags is what encoding/json makes of the report from its struct tags alone.
func byTags(t *testing.T, r *Report) []byte {
	t.Helper()
	type noMethods Report
	fields := map[string]json.RawMessage{}
	v := reflect.ValueOf(noMethods(*r))
	for i := range v.NumField() {
		name, opt, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if opt == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		var text []byte
		var err error
		if name == "findings" {
			list := []plainFinding{}
			for _, f := range r.Findings {
				list = append(list, plainFinding(f))
			}
			text, err = json.Marshal(list)
		} else {
			text, err = json.Marshal(v.Field(i).Interface())
		}
		if err != nil {
			t.Fatal(err)
		}
		fields[name] = text
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// canonical reads JSON into maps, numbers as their shortest float.
func canonical(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

func TestJSONEqualsTags(t *testing.T) {
	r := fullReport()
	mine, tags := canonical(t, r.JSON()), canonical(t, byTags(t, r))
	if !reflect.DeepEqual(mine, tags) {
		a, _ := json.MarshalIndent(mine, "", " ")
		b, _ := json.MarshalIndent(tags, "", " ")
		la, lb := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
		for i := range min(len(la), len(lb)) {
			if la[i] != lb[i] {
				t.Fatalf("line %d: hand-written %s, by tags %s", i, la[i], lb[i])
			}
		}
		t.Fatalf("lengths differ: %d and %d lines", len(la), len(lb))
	}
	std, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(canonical(t, std), mine) {
		t.Error("json.Marshal(report) differs from report.JSON()")
	}
}

func TestJSONRoundTrip(t *testing.T) {
	r := fullReport()
	text := r.JSON()
	var back Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if again := back.JSON(); !bytes.Equal(again, text) {
		t.Error("read and written again it differs")
	}
	// Texts that are not UTF-8 change once; after that the value is stable too.
	var twice Report
	if err := json.Unmarshal(back.JSON(), &twice); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Report{&back, &twice} {
		x.Series.AVMinMS = append(Floats(nil), x.Series.AVMinMS...)
		for i, v := range x.Series.AVMinMS {
			if math.IsNaN(v) {
				x.Series.AVMinMS[i] = -12345
			}
		}
	}
	for i := range r.Findings {
		if want, got := r.Findings[i].Args, back.Findings[i].Args; len(want) != len(got) || want[0] != got[0] || want[2] != got[2] {
			t.Errorf("arguments %+v came back as %+v", want, got)
		}
	}
	if !reflect.DeepEqual(back, twice) {
		t.Error("a report changes when it is written and read twice")
	}
}

func TestJSONEmptyIsNeverNull(t *testing.T) {
	r := &Report{Media: &Summary{}, Series: &Series{}, Findings: []Finding{{Place: Place{Media: &Media{Tag: -1}}}}}
	text := string(r.JSON())
	if strings.Contains(text, "null") {
		t.Errorf("null in %s", text)
	}
	for _, want := range []string{
		`"checks":[]`, `"tracks":[]`, `"video_kbps":[]`, `"gop_len_ms":[]`, `"args":{}`, `"codes":[]`, `"doc_url":""`,
		`"offset":0`, `"tag":-1`, `"timestamp_ms":0`, `"count":0`, `"message":""`, `"rule":""`, `"severity":"off"`, `"basis":""`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing from %s", want, text)
		}
	}
	if empty := string((&Report{}).JSON()); !strings.Contains(empty, `"findings":[]`) {
		t.Errorf("no empty findings in %s", empty)
	}
}

func TestJSONHostileText(t *testing.T) {
	for _, s := range hostile {
		text := AppendJSONString(nil, s)
		var back string
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%q: %v in %s", s, err, text)
			continue
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); back != want && back != perByte(s) {
			t.Errorf("%q came back as %q", s, back)
		}
		if bytes.ContainsAny(text, "<>&\u2028\u2029\x7f") {
			t.Errorf("%q is not safe inside HTML: %s", s, text)
		}
	}
}

// perByte replaces each bad byte by itself, as encoding/json does.
func perByte(s string) string { return string([]rune(s)) }

func TestArgsJSON(t *testing.T) {
	args := Args{I("b", 1), I("a", -2), F("f", 30), F("g", 0.1), S("s", "x\"y\u2028\x01"), B("t", true), B("u", false), S("", "no name")}
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	var back Args
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(args, back) {
		t.Errorf("%v came back as %v", args, back)
	}
	if !bytes.HasPrefix(text, []byte(`{"b":1,"a":-2,"f":30.0,`)) {
		t.Errorf("order or kinds lost: %s", text)
	}
	if err := json.Unmarshal([]byte(` { "a" : 1 , "b" : "\ud83d\ude00\ud83dx\u00e9" , "c" : null } `), &back); err != nil {
		t.Fatal(err)
	}
	if b, _ := back.Get("b"); b.Text != "😀\ufffdxé" {
		t.Errorf("surrogates read as %q", b.Text)
	}
	if c, _ := back.Get("c"); c.Kind != Float || !math.IsNaN(c.Float) {
		t.Errorf("null read as %+v", c)
	}
	for _, bad := range []string{`[]`, `1`, `{"a":[1]}`, `{"a":{}}`, `{"a":99999999999999999999}`, `{"a":1e999}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was taken as %v", bad, back)
		}
	}
}

func TestFloatsJSON(t *testing.T) {
	var f Floats
	if err := json.Unmarshal([]byte(` [ null , 1, -2.5e3 ] `), &f); err != nil {
		t.Fatal(err)
	}
	if len(f) != 3 || !math.IsNaN(f[0]) || f[1] != 1 || f[2] != -2500 {
		t.Errorf("read as %v", f)
	}
	if text, _ := json.Marshal(f); string(text) != `[null,1,-2500]` {
		t.Errorf("written as %s", text)
	}
	if text, _ := json.Marshal(Floats(nil)); string(text) != `[]` {
		t.Errorf("nil written as %s", text)
	}
	for _, bad := range []string{`{}`, `["x"]`, `[[1]]`, `[true]`} {
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s was taken as %v", bad, f)
		}
	}
}

func FuzzArgsJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"b":"\u2028\ud800"}`, `{"a":null,"b":-0.0,"c":true}`, `{"a`, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a Args
		if a.UnmarshalJSON(text) != nil { // called directly too: it must not trust its caller
			return
		}
		out, err := json.Marshal(a)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var b Args
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatalf("%q written as %s: %v", text, out, err)
		}
		if again, _ := json.Marshal(b); !bytes.Equal(again, out) {
			t.Fatalf("%s then %s", out, again)
		}
	})
}
