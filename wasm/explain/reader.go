package explain

// reader takes lines and keeps what comes of them.
type reader struct {
	line int64 // number of the physical line that is being read, from 1
}

func (r *reader) init() {}

// feed takes a line, or a piece of a long one.
func (r *reader) feed(b string, first, last bool) {
	if first {
		r.line++
	}
}

func (r *reader) close() {}
