package flv

import (
	"math"
	"unicode/utf8"
)

// Bounds of what DecodeAMF0 reads and keeps.
const (
	amfDepth   = 32      // nested values; deeper is an error
	amfValues  = 4096    // values kept; the rest is checked and left out
	amfItems   = 1024    // values kept of one strict array, such as a list of key frames
	amfStrings = 1 << 18 // bytes of strings kept; the rest is left out
)

// AMF0 markers (AMF 0 Specification, 2.1).
const (
	mNumber = iota
	mBoolean
	mString
	mObject
	mMovieClip
	mNull
	mUndefined
	mReference
	mECMAArray
	mObjectEnd
	mStrictArray
	mDate
	mLongString
	mUnsupported
	mRecordSet
	mXML
	mTypedObject
	mAVMPlus
)

// amfDecoder decodes with bounded depth and memory. Its work is linear in the
// body: every value consumes at least one byte.
type amfDecoder struct {
	p       []byte
	at      int
	values  int
	strings int
	err     *AMFError

	// emit, when set, is told of every value (of an object or array its head
	// alone, before what is in it) with its place, name included.
	emit func(start, end int, path, value string)
	path string
	from int // where the current value's name begins
}

// DecodeAMF0 decodes AMF0 values one after the other. On the first error it
// returns what it read up to there. Values beyond the first 4,096 (1,024 of one
// strict array) and strings beyond 256 KiB in all are checked but not kept
// (AMFValue.Omitted). A missing
// end marker at the very end, the object end that old writers put behind the
// last value, and zero padding of less than a value are accepted. AMF3 content
// (marker 17) ends the decoding without an error.
func DecodeAMF0(p []byte) (values []AMFValue, err *AMFError) {
	d := amfDecoder{p: p}
	return d.all(), d.err
}

// all decodes to the end or to the first error.
func (d *amfDecoder) all() (values []AMFValue) {
	p := d.p
	for d.at < len(p) && d.err == nil {
		if d.at > 0 && padding(p[d.at:]) {
			break
		}
		d.from = d.at
		kept := d.keep()
		v, ok := d.value(0)
		if ok && kept {
			values = append(values, v)
		}
		if v.Kind == AMFSwitch && ok {
			break
		}
	}
	return values
}

// tell reports the current value up to here.
func (d *amfDecoder) tell(v *AMFValue) {
	if d.emit != nil && d.err == nil {
		path := d.path
		if path == "" {
			path = "value"
			if d.from == 0 {
				path = "name"
			}
		}
		d.emit(d.from, d.at, path, v.brief())
	}
}

// padding reports an object end without an object (FLV 9 wrote one behind the
// last value), or zeros too short for a number.
func padding(p []byte) bool {
	if len(p) > 8 {
		return false
	}
	if len(p) == 3 && p[0] == 0 && p[1] == 0 && p[2] == mObjectEnd {
		return true
	}
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// keep takes a place for the next value, before the values inside it take theirs.
//
//go:noinline
func (d *amfDecoder) keep() bool {
	d.values++
	return d.values <= amfValues
}

//go:noinline
func (d *amfDecoder) fail(at int, reason string) {
	if d.err == nil {
		d.err = &AMFError{Offset: at, Reason: reason}
	}
}

//go:noinline
func (d *amfDecoder) bytes(n int, what string) []byte {
	if n > len(d.p)-d.at {
		d.fail(d.at, "the data ends inside "+what)
		return nil
	}
	b := d.p[d.at : d.at+n]
	d.at += n
	return b
}

func (d *amfDecoder) text(n int, v *AMFValue) bool {
	b := d.bytes(n, "a string")
	if b == nil {
		return false
	}
	if d.strings += len(b); d.strings > amfStrings {
		v.Omitted = len(b)
		return true
	}
	v.Str = visible(b)
	return true
}

// visible makes a Go string of text whose encoding is not certain.
func visible(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			out = append(out, '\\', 'x', hex[b[0]>>4], hex[b[0]&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return string(out)
}

// value reads one value. ok: it has something to show, which a value cut off
// inside an object still has.
func (d *amfDecoder) value(depth int) (v AMFValue, ok bool) {
	start := d.at
	if depth >= amfDepth {
		d.fail(start, "values nested more than 32 deep")
		return v, false
	}
	m := d.bytes(1, "a value")
	if m == nil {
		return v, false
	}
	switch m[0] {
	case mNumber:
		b := d.bytes(8, "a number")
		if b == nil {
			return v, false
		}
		v.Kind, v.Num = AMFNumber, math.Float64frombits(uint64(be32(b))<<32|uint64(be32(b[4:])))
	case mBoolean:
		b := d.bytes(1, "a boolean")
		if b == nil {
			return v, false
		}
		v.Kind = AMFBool
		if b[0] != 0 {
			v.Num = 1
		}
	case mString:
		b := d.bytes(2, "the length of a string")
		if b == nil {
			return v, false
		}
		v.Kind = AMFString
		if !d.text(int(b[0])<<8|int(b[1]), &v) {
			return v, false
		}
	case mLongString, mXML:
		b := d.bytes(4, "the length of a string")
		if b == nil {
			return v, false
		}
		v.Kind = AMFString
		if m[0] == mXML {
			v.Kind = AMFXML
		}
		n := be32(b)
		if uint64(n) > uint64(len(d.p)-d.at) {
			d.fail(d.at, "the data ends inside a string of "+utoa(uint64(n))+" bytes")
			return v, false
		}
		if !d.text(int(n), &v) {
			return v, false
		}
	case mObject:
		v.Kind = AMFObject
		d.tell(&v)
		d.properties(&v, depth)
		return v, true
	case mTypedObject:
		v.Kind = AMFTypedObject
		b := d.bytes(2, "the length of a class name")
		if b == nil || !d.text(int(b[0])<<8|int(b[1]), &v) {
			return v, false
		}
		d.tell(&v)
		d.properties(&v, depth)
		return v, true
	case mECMAArray:
		v.Kind = AMFECMAArray
		// The count is a hint that many writers leave 0 or get wrong.
		if d.bytes(4, "the count of an array") == nil {
			return v, false
		}
		d.tell(&v)
		d.properties(&v, depth)
		return v, true
	case mStrictArray:
		v.Kind = AMFStrictArray
		b := d.bytes(4, "the count of an array")
		if b == nil {
			return v, false
		}
		d.tell(&v)
		d.items(&v, be32(b), depth)
		return v, true
	case mDate:
		b := d.bytes(10, "a date")
		if b == nil {
			return v, false
		}
		v.Kind, v.Num = AMFDate, math.Float64frombits(uint64(be32(b))<<32|uint64(be32(b[4:])))
	case mReference:
		b := d.bytes(2, "a reference")
		if b == nil {
			return v, false
		}
		v.Kind, v.Num = AMFReference, float64(int(b[0])<<8|int(b[1]))
	case mNull:
		v.Kind = AMFNull
	case mUndefined:
		v.Kind = AMFUndefined
	case mUnsupported:
		v.Kind = AMFUnsupported
	case mMovieClip:
		v.Kind = AMFMovieClip
	case mRecordSet:
		v.Kind = AMFRecordSet
	case mAVMPlus:
		v.Kind = AMFSwitch
	case mObjectEnd:
		d.fail(start, "an object end where a value belongs")
		return v, false
	default:
		d.fail(start, "unknown type marker "+itoa(int64(m[0])))
		return v, false
	}
	d.tell(&v)
	return v, true
}

// properties reads name and value pairs up to the object end.
func (d *amfDecoder) properties(v *AMFValue, depth int) {
	for d.err == nil {
		if d.at == len(d.p) {
			v.Unclosed = true
			return
		}
		start := d.at
		rest := d.p[d.at:]
		if len(rest) < 3 && allZero(rest) {
			// An end marker that is itself cut.
			v.Unclosed = true
			d.at = len(d.p)
			return
		}
		b := d.bytes(2, "the length of a property name")
		if b == nil {
			return
		}
		n := int(b[0])<<8 | int(b[1])
		if n == 0 && d.at < len(d.p) && d.p[d.at] == mObjectEnd {
			d.at++
			if d.emit != nil {
				d.emit(start, d.at, "object end", "")
			}
			return
		}
		if n > len(d.p)-d.at {
			d.fail(start, "the data ends inside a property name of "+itoa(int64(n))+" bytes")
			return
		}
		var name AMFValue
		d.text(n, &name)
		kept := d.keep()
		outer := d.path
		if d.emit != nil {
			d.from = start
			d.path = name.Str[:min(len(name.Str), 80)]
			if outer != "" {
				d.path = outer + "." + d.path
			}
		}
		p, ok := d.value(depth + 1)
		d.path = outer
		if !ok {
			return
		}
		if kept {
			v.Props = append(v.Props, AMFProperty{Name: name.Str, Value: p})
		} else {
			v.Omitted++
		}
		if p.Kind == AMFSwitch {
			// Where the AMF3 value ends is not known.
			d.fail(d.at, "an AMF3 value inside an object")
		}
	}
}

func allZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

func (d *amfDecoder) items(v *AMFValue, n uint32, depth int) {
	for i := uint32(0); i < n && d.err == nil; i++ {
		if d.at == len(d.p) {
			d.fail(d.at, "the data ends after "+utoa(uint64(i))+" of an array's "+utoa(uint64(n))+" values")
			return
		}
		kept := i < amfItems && d.keep()
		outer := d.path
		if d.emit != nil {
			d.from = d.at
			d.path = outer + "[" + utoa(uint64(i)) + "]"
		}
		p, ok := d.value(depth + 1)
		d.path = outer
		if !ok {
			return
		}
		if kept {
			v.Items = append(v.Items, p)
		} else {
			v.Omitted++
		}
		if p.Kind == AMFSwitch {
			d.fail(d.at, "an AMF3 value inside an array")
		}
	}
}

// AppendAMF0 appends the AMF0 form of a value. Strings over 65,535 bytes are
// written as long strings.
func AppendAMF0(b []byte, v AMFValue) []byte {
	switch v.Kind {
	case AMFNumber:
		return appendNumber(append(b, mNumber), v.Num)
	case AMFBool:
		if v.Num != 0 {
			return append(b, mBoolean, 1)
		}
		return append(b, mBoolean, 0)
	case AMFString:
		if len(v.Str) > 0xffff {
			return append(append32(append(b, mLongString), uint32(len(v.Str))), v.Str...)
		}
		return appendName(append(b, mString), v.Str)
	case AMFXML:
		return append(append32(append(b, mXML), uint32(len(v.Str))), v.Str...)
	case AMFObject:
		b = append(b, mObject)
	case AMFTypedObject:
		b = appendName(append(b, mTypedObject), v.Str)
	case AMFECMAArray:
		b = append32(append(b, mECMAArray), uint32(len(v.Props)))
	case AMFStrictArray:
		b = append32(append(b, mStrictArray), uint32(len(v.Items)))
		for i := range v.Items {
			b = AppendAMF0(b, v.Items[i])
		}
		return b
	case AMFDate:
		return append(appendNumber(append(b, mDate), v.Num), 0, 0)
	case AMFReference:
		return append(b, mReference, byte(int(v.Num)>>8), byte(int(v.Num)))
	case AMFNull:
		return append(b, mNull)
	case AMFUnsupported:
		return append(b, mUnsupported)
	case AMFMovieClip:
		return append(b, mMovieClip)
	case AMFRecordSet:
		return append(b, mRecordSet)
	case AMFSwitch:
		return append(b, mAVMPlus)
	default:
		return append(b, mUndefined)
	}
	for i := range v.Props {
		b = AppendAMF0(appendName(b, v.Props[i].Name), v.Props[i].Value)
	}
	if v.Unclosed {
		return b
	}
	return append(b, 0, 0, mObjectEnd)
}

//go:noinline
func append32(b []byte, n uint32) []byte {
	return append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func appendNumber(b []byte, f float64) []byte {
	n := math.Float64bits(f)
	return append32(append32(b, uint32(n>>32)), uint32(n))
}

//go:noinline
func appendName(b []byte, s string) []byte {
	s = s[:min(len(s), 0xffff)]
	return append(append(b, byte(len(s)>>8), byte(len(s))), s...)
}

// Num, Str and Bool make AMF0 values.
func Num(f float64) AMFValue { return AMFValue{Kind: AMFNumber, Num: f} }
func Str(s string) AMFValue  { return AMFValue{Kind: AMFString, Str: s} }
func Bool(b bool) AMFValue {
	v := AMFValue{Kind: AMFBool}
	if b {
		v.Num = 1
	}
	return v
}
