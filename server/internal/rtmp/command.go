package rtmp

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"ingestdoctor/wasm/flv"
)

// Command is a decoded RTMP command (RTMP 1.0, 7.1.1).
type Command struct {
	Name string
	Tx   float64
	Args []flv.AMFValue // after name and transaction id; the first is the command object
}

// DecodeCommand reads a command's body: AMF0, or AMF3's envelope around it. It
// takes bodies of up to MaxCommand; the decoder bounds depth and memory.
func DecodeCommand(m *Message) (*Command, error) {
	body := m.Body
	if m.Type == CommandAMF3 && len(body) > 0 && body[0] == 0 {
		body = body[1:]
	}
	if len(body) > MaxCommand {
		return nil, Errorf("a command of %d bytes", len(body))
	}
	values, bad := flv.DecodeAMF0(body)
	if len(values) == 0 || values[0].Kind != flv.AMFString {
		if bad != nil {
			return nil, Errorf("a command that is not AMF0: %s", bad.Error())
		}
		return nil, Errorf("a command without a name")
	}
	c := &Command{Name: values[0].Str}
	if len(values) > 1 {
		c.Tx, _ = values[1].Number()
		c.Args = values[2:]
	}
	// What was read up to an error stands: name and code are often before it.
	return c, nil
}

// Status is what a server says about a command.
type Status struct {
	Level, Code, Description string
	Redirect                 string
}

// Status finds the status of a command: the last argument that is an object
// with a code. A text in its place is a description.
func (c *Command) Status() (s Status) {
	for i := len(c.Args) - 1; i >= 0; i-- {
		v := &c.Args[i]
		if v.Kind == flv.AMFString && s.Description == "" {
			s.Description = v.Str
		}
		if !v.IsObject() {
			continue
		}
		get := func(v *flv.AMFValue, name string) string {
			if p, ok := v.Get(name); ok {
				if n, isNumber := p.Number(); isNumber {
					return strconv.FormatFloat(n, 'f', -1, 64)
				}
				return p.String()
			}
			return ""
		}
		code := get(v, "code")
		if code == "" && get(v, "level") == "" && get(v, "description") == "" {
			continue
		}
		s.Code, s.Level, s.Description = code, get(v, "level"), get(v, "description")
		if s.Description == "" {
			s.Description = get(v, "details")
		}
		if ex, ok := v.Get("ex"); ok && ex.IsObject() {
			s.Redirect = get(ex, "redirect")
		}
		break
	}
	return s
}

// Property gives a text or number of the first object among the arguments that
// has it.
func (c *Command) Property(name string) (string, bool) {
	for i := range c.Args {
		if !c.Args[i].IsObject() {
			continue
		}
		if p, ok := c.Args[i].Get(name); ok {
			if n, isNumber := p.Number(); isNumber {
				return strconv.FormatFloat(n, 'f', -1, 64), true
			}
			if s, isText := p.Text(); isText {
				return s, true
			}
		}
	}
	return "", false
}

// Text gives the n-th argument where it is a text, else "".
func (c *Command) Text(n int) string {
	if n < len(c.Args) {
		return c.Args[n].String()
	}
	return ""
}

// String writes the command for a transcript; it is long at most a few times
// MaxText. It may hold secrets and anything that a stranger wrote.
func (c *Command) String() string {
	var b strings.Builder
	b.WriteString(c.Name)
	b.WriteString("(" + strconv.FormatFloat(c.Tx, 'f', -1, 64) + ")")
	for i := range c.Args {
		b.WriteByte(' ')
		WriteAMF(&b, &c.Args[i])
		if b.Len() > 4*MaxText {
			break
		}
	}
	return b.String()
}

// WriteAMF writes a value as a person would; what is nested deep is left out.
func WriteAMF(b *strings.Builder, v *flv.AMFValue) { writeAMF(b, v, 0) }

func writeAMF(b *strings.Builder, v *flv.AMFValue, depth int) {
	if b.Len() > 4*MaxText {
		return
	}
	switch v.Kind {
	case flv.AMFNumber:
		b.WriteString(strconv.FormatFloat(v.Num, 'f', -1, 64))
	case flv.AMFBool:
		b.WriteString(strconv.FormatBool(v.Num != 0))
	case flv.AMFString, flv.AMFXML:
		b.WriteString(`"` + v.Str + `"`)
	case flv.AMFObject, flv.AMFECMAArray, flv.AMFTypedObject:
		if depth > 2 {
			b.WriteString("{...}")
			return
		}
		b.WriteByte('{')
		for i := range v.Props {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.Props[i].Name + ": ")
			writeAMF(b, &v.Props[i].Value, depth+1)
		}
		b.WriteByte('}')
	case flv.AMFStrictArray:
		if depth > 2 {
			b.WriteString("[...]")
			return
		}
		b.WriteByte('[')
		for i := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			writeAMF(b, &v.Items[i], depth+1)
		}
		b.WriteByte(']')
	case flv.AMFNull:
		b.WriteString("null")
	case flv.AMFUndefined:
		b.WriteString("undefined")
	default:
		b.WriteString("...")
	}
}

// AppendCommand makes a command's body.
func AppendCommand(name string, tx float64, args ...flv.AMFValue) []byte {
	b := flv.AppendAMF0(nil, flv.Str(name))
	b = flv.AppendAMF0(b, flv.Num(tx))
	for _, a := range args {
		b = flv.AppendAMF0(b, a)
	}
	return b
}

// Null is AMF0's null, which stands where a command has no command object.
func Null() flv.AMFValue { return flv.AMFValue{Kind: flv.AMFNull} }

// Object makes an object of names and values in turn; the values are strings,
// float64 or AMF values.
func Object(pairs ...any) flv.AMFValue {
	v := flv.AMFValue{Kind: flv.AMFObject}
	for i := 0; i+1 < len(pairs); i += 2 {
		var p flv.AMFValue
		switch x := pairs[i+1].(type) {
		case string:
			p = flv.Str(x)
		case float64:
			p = flv.Num(x)
		case flv.AMFValue:
			p = x
		}
		v.Props = append(v.Props, flv.AMFProperty{Name: pairs[i].(string), Value: p})
	}
	return v
}

// MaxText is how much of one text that a stranger sent is shown, in characters.
const MaxText = 400

// Visible writes a text that came from outside so that it can do nothing: what
// is not printable (control characters, escapes, marks that turn the direction
// of writing) becomes an escape such as \x1b or \u202e, and a text longer than
// MaxText is cut.
func Visible(s string) string {
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n++; n > MaxText {
			b.WriteString("...")
			break
		}
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x`)
			b.WriteByte("0123456789abcdef"[s[i]>>4])
			b.WriteByte("0123456789abcdef"[s[i]&15])
		case strconv.IsPrint(r):
			b.WriteString(s[i : i+size])
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += size
	}
	return b.String()
}
