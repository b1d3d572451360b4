package share

import "math/bits"

// An envelope is what the server keeps of a text: one byte of version, one of
// kind, 12 of nonce, the ciphertext of AES-256-GCM, 16 of tag. What is encrypted
// is padded to a power of two, so that its length tells little.
const (
	Version   = 1
	nonceSize = 12
	tagSize   = 16
	overhead  = 2 + nonceSize + tagSize

	minPadded = 1 << 10

	// MaxEnvelope bounds any envelope, in bytes.
	MaxEnvelope = overhead + MaxResult
)

// The kinds of envelopes. Version and kind are authenticated with the text, and so
// are the ids, so that none can stand in for another.
const (
	briefEnvelope  = 1
	resultEnvelope = 2
	reportEnvelope = 3
)

// checkEnvelope refuses what cannot be an envelope of the kind: the server cannot
// look inside, but what is cut short or too long shows.
func checkEnvelope(e []byte, kind byte, most int) error {
	if len(e) > overhead+most {
		return ErrTooLarge
	}
	padded := len(e) - overhead
	if padded < minPadded || bits.OnesCount(uint(padded)) != 1 || e[0] != Version || e[1] != kind {
		return ErrEnvelope
	}
	return nil
}

// ParseEnvelope reads the text form of an envelope: base64url.
func ParseEnvelope(s string) ([]byte, bool) {
	b := make([]byte, strict.DecodedLen(len(s)))
	return b, parse(b, s)
}

// EnvelopeText writes it.
func EnvelopeText(e []byte) string { return strict.EncodeToString(e) }
