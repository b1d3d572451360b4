package flv

// script takes the body of a script tag, as far as MaxScript goes.
func (r *Reader) script(w []byte) {
	f := r.addFrame()
	f.Kind = ScriptData
	f.Bytes = r.tag.Size
	s := &Script{AMF3: r.tag.Type == TypeAMF3}
	base := 0
	if s.AMF3 && len(w) > 0 && w[0] == 0 {
		base = 1 // the format selector; AMF0 follows
	}
	s.decode(w, base, r.tag.Size > uint32(len(w)))
	f.Script = s
	r.body.step = stepNone
}

// decode fills the message from p[base:]. cut: p is only the begin of it.
func (s *Script) decode(p []byte, base int, cut bool) {
	values, err := DecodeAMF0(p[base:])
	if err != nil {
		err.Offset += base
	}
	s.Cut = cut
	if !cut {
		s.Err = err
	}
	if len(values) > 0 && values[0].Kind == AMFString && values[0].Str == "@setDataFrame" {
		s.SetDataFrame = true
		values = values[1:]
	}
	if len(values) > 0 && values[0].Kind == AMFString {
		s.Name = values[0].Str
		values = values[1:]
	}
	s.Values = values
}
