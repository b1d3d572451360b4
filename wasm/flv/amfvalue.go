package flv

// AMFKind says which of an AMFValue's fields hold the value.
type AMFKind uint8

// The kinds of AMF0 value (AMF 0 Specification, section 2).
const (
	AMFUndefined   AMFKind = iota
	AMFNull                // no value
	AMFNumber              // Num
	AMFBool                // Num is 0 or 1
	AMFString              // Str; short and long strings alike
	AMFObject              // Props
	AMFECMAArray           // Props; an associative array
	AMFTypedObject         // Props, and the class name in Str
	AMFStrictArray         // Items
	AMFDate                // Num is milliseconds since 1970, UTC
	AMFXML                 // Str
	AMFReference           // Num is the index of an earlier object; it is not followed
	AMFUnsupported         // the marker for a type that cannot be written
	AMFMovieClip           // reserved marker, without a value
	AMFRecordSet           // reserved marker, without a value
	AMFSwitch              // AMF3 follows (avmplus-object-marker); it is not read
)

// AMFValue is one decoded AMF0 value.
type AMFValue struct {
	Kind AMFKind
	// Unclosed: the body ended where the end marker of the object (or array)
	// belongs. Real encoders leave it out; what was read stands.
	Unclosed bool
	Omitted  int // values (of a string: bytes) that were checked but not kept
	Num      float64
	Str      string        // valid UTF-8: a byte that is not is written as \xNN
	Props    []AMFProperty // in the order written, repeated names kept
	Items    []AMFValue
}

// AMFProperty is one name and value of an object.
type AMFProperty struct {
	Name  string
	Value AMFValue
}

// AMFError says where an AMF0 body stops being readable and why.
type AMFError struct {
	Offset int    // bytes from the start of the body
	Reason string // for a person
}

// Error gives the reason with its place.
func (e *AMFError) Error() string {
	return e.Reason + " at byte " + itoa(int64(e.Offset)) + " of the body"
}

// Get returns the first property of that name of an object or associative
// array; ok is false when there is none.
func (v *AMFValue) Get(name string) (value *AMFValue, ok bool) {
	for i := range v.Props {
		if v.Props[i].Name == name {
			return &v.Props[i].Value, true
		}
	}
	return nil, false
}

// Number returns the value of a number; ok is false for any other kind.
func (v *AMFValue) Number() (n float64, ok bool) { return v.Num, v.Kind == AMFNumber }

// String returns the text of a string (or XML document), and "" for any other kind.
func (v *AMFValue) String() string {
	if v.Kind == AMFString || v.Kind == AMFXML {
		return v.Str
	}
	return ""
}

// Text returns the text of a string; ok is false for any other kind.
func (v *AMFValue) Text() (s string, ok bool) { return v.Str, v.Kind == AMFString }

// Bool returns the value of a boolean; ok is false for any other kind.
func (v *AMFValue) Bool() (b, ok bool) { return v.Num != 0, v.Kind == AMFBool }

// IsObject reports whether the value has properties: an object, a typed object
// or an associative array.
func (v *AMFValue) IsObject() bool {
	return v.Kind == AMFObject || v.Kind == AMFECMAArray || v.Kind == AMFTypedObject
}
