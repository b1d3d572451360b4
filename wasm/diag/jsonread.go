package diag

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Floats is a series of numbers in which NaN means "nothing here"; in JSON it
// is null.
type Floats []float64

// MarshalJSON implements json.Marshaler: an array of numbers and nulls.
func (f Floats) MarshalJSON() ([]byte, error) { return f.appendJSON(nil), nil }

func (f Floats) appendJSON(b []byte) []byte {
	w := writer{append(b, '[')}
	for i, v := range f {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.number(v)
	}
	return append(w.b, ']')
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Floats) UnmarshalJSON(text []byte) error {
	r := reader{b: text}
	if r.literal("null") && r.end() {
		*f = nil
		return nil
	}
	list := Floats{}
	if !r.take('[') {
		return errJSON
	}
	if !r.take(']') {
		for {
			if r.literal("null") {
				list = append(list, math.NaN())
			} else {
				v, err := strconv.ParseFloat(string(r.word()), 64)
				if err != nil {
					return errJSON
				}
				list = append(list, v)
			}
			if r.take(',') {
				continue
			}
			if !r.take(']') {
				return errJSON
			}
			break
		}
	}
	if !r.end() {
		return errJSON
	}
	*f = list
	return nil
}

// MarshalJSON implements json.Marshaler: one object in the order of the list.
func (a Args) MarshalJSON() ([]byte, error) {
	w := writer{}
	w.args(a)
	return w.b, nil
}

// UnmarshalJSON implements json.Unmarshaler. A whole number without point or
// exponent reads as Int, any other number and null as Float.
func (a *Args) UnmarshalJSON(text []byte) error {
	r := reader{b: text}
	if r.literal("null") && r.end() {
		*a = nil
		return nil
	}
	args := Args{}
	if !r.take('{') {
		return errJSON
	}
	if !r.take('}') {
		for {
			name, ok := r.str()
			if !ok || !r.take(':') {
				return errJSON
			}
			arg, ok := r.scalar(name)
			if !ok {
				return errJSON
			}
			args = append(args, arg)
			if r.take(',') {
				continue
			}
			if !r.take('}') {
				return errJSON
			}
			break
		}
	}
	if !r.end() {
		return errJSON
	}
	*a = args
	return nil
}

var errJSON = errors.New("diag: not the JSON of a report")

// reader takes apart the small pieces of JSON that the methods above need; the
// whole report is read by whoever has encoding/json linked anyway.
type reader struct {
	b []byte
	i int
}

func (r *reader) space() {
	for r.i < len(r.b) && (r.b[r.i] == ' ' || r.b[r.i] == '\t' || r.b[r.i] == '\n' || r.b[r.i] == '\r') {
		r.i++
	}
}

func (r *reader) take(c byte) bool {
	r.space()
	if r.i < len(r.b) && r.b[r.i] == c {
		r.i++
		return true
	}
	return false
}

func (r *reader) end() bool {
	r.space()
	return r.i == len(r.b)
}

func (r *reader) literal(word string) bool {
	r.space()
	if len(r.b)-r.i >= len(word) && string(r.b[r.i:r.i+len(word)]) == word {
		r.i += len(word)
		return true
	}
	return false
}

// word takes the characters that a number may have.
func (r *reader) word() []byte {
	r.space()
	start := r.i
	for r.i < len(r.b) {
		c := r.b[r.i]
		if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		r.i++
	}
	return r.b[start:r.i]
}

func (r *reader) scalar(name string) (Arg, bool) {
	r.space()
	switch {
	case r.i >= len(r.b):
		return Arg{}, false
	case r.b[r.i] == '"':
		s, ok := r.str()
		return S(name, s), ok
	case r.literal("true"):
		return B(name, true), true
	case r.literal("false"):
		return B(name, false), true
	case r.literal("null"):
		return F(name, math.NaN()), true
	}
	word := string(r.word())
	for i := range len(word) {
		if c := word[i]; c == '.' || c == 'e' || c == 'E' {
			v, err := strconv.ParseFloat(word, 64)
			return F(name, v), err == nil
		}
	}
	v, err := strconv.ParseInt(word, 10, 64)
	return I(name, v), err == nil
}

// str takes a string and undoes its escapes.
func (r *reader) str() (string, bool) {
	if !r.take('"') {
		return "", false
	}
	var out []byte
	for r.i < len(r.b) {
		c := r.b[r.i]
		r.i++
		switch {
		case c == '"':
			return string(out), true
		case c < ' ':
			return "", false
		case c != '\\':
			out = append(out, c)
			continue
		}
		if r.i >= len(r.b) {
			return "", false
		}
		c = r.b[r.i]
		r.i++
		switch c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			u, ok := r.hex4()
			if !ok {
				return "", false
			}
			if utf16.IsSurrogate(u) {
				low := rune(-1)
				if mark := r.i; r.literal(`\u`) && r.i == mark+2 {
					if low, ok = r.hex4(); !ok {
						return "", false
					}
					if u = utf16.DecodeRune(u, low); u == utf8.RuneError {
						r.i = mark // the second escape stands for itself
					}
				} else {
					r.i, u = mark, utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, u)
		default:
			return "", false
		}
	}
	return "", false
}

func (r *reader) hex4() (rune, bool) {
	if r.i+4 > len(r.b) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(r.b[r.i:r.i+4]), 16, 16)
	r.i += 4
	return rune(v), err == nil
}
