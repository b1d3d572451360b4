// Package share keeps diagnoses that are shared by link, and cannot read them.
//
// A browser encrypts; the server keeps ciphertext, times, and the hashes of three
// tokens: who may read, who may add a result, who owns. All of them come from a
// secret in the link's fragment, which browsers do not send (static/share/diagnosis.js
// has the derivation). Keeper is what the site talks to: it decides who may what
// and what has expired. Store is where things lie: SQLite in the data folder, or
// PostgreSQL for several replicas.
package share

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"
)

// ID names a diagnosis or a result. As text it is 22 characters of base64url.
type ID [16]byte

// Token is what a client shows to be let in: 256 bits that the browser derives
// from the link. As text it is 43 characters of base64url.
type Token [32]byte

// Hash is the SHA-256 of a token: all that the server keeps of it.
type Hash [32]byte

// strict refuses bits that do not count, so that everything has one text.
var strict = base64.RawURLEncoding.Strict()

func parse(dst []byte, s string) bool {
	if len(s) != strict.EncodedLen(len(dst)) {
		return false // the decoder would overlook line breaks
	}
	n, err := strict.Decode(dst, []byte(s))
	return err == nil && n == len(dst)
}

// ParseID reads an id; anything but its one text form is none.
func ParseID(s string) (id ID, ok bool) { ok = parse(id[:], s); return id, ok }

func (id ID) String() string { return strict.EncodeToString(id[:]) }

// ParseToken reads a token, likewise.
func ParseToken(s string) (t Token, ok bool) { ok = parse(t[:], s); return t, ok }

func (t Token) String() string { return strict.EncodeToString(t[:]) }

// Hash is what is kept of a token.
func (t Token) Hash() Hash { return sha256.Sum256(t[:]) }

// ParseHash reads a hash, likewise.
func ParseHash(s string) (h Hash, ok bool) { ok = parse(h[:], s); return h, ok }

func (h Hash) String() string { return strict.EncodeToString(h[:]) }

// Hashes are the three tokens' hashes.
type Hashes struct{ Read, Add, Own Hash }

// ID is the only id that a diagnosis with these tokens may have. So nobody can
// take another's id, nor learn by trying to whether it is taken.
func (h Hashes) ID() (id ID) {
	sum := sha256.New()
	sum.Write([]byte("ingestdoctor/1 id"))
	sum.Write(h.Read[:])
	sum.Write(h.Add[:])
	sum.Write(h.Own[:])
	copy(id[:], sum.Sum(nil))
	return id
}

// Right is what a token allows. None includes another: whoever has a link to add
// with can derive the token to read with, in the browser.
type Right uint8

// The rights.
const (
	Read Right = iota
	Add
	Own
)

// of is the hash of the token that a right needs.
func (h *Hashes) of(r Right) *Hash {
	switch r {
	case Add:
		return &h.Add
	case Own:
		return &h.Own
	}
	return &h.Read
}

// Kind is what is shared.
type Kind uint8

// The kinds.
const (
	Diagnosis Kind = 1 // a brief, to which results are added
	Report    Kind = 2 // one result on its own
)

func (k Kind) String() string {
	switch k {
	case Diagnosis:
		return "diagnosis"
	case Report:
		return "report"
	}
	return ""
}

// ParseKind reads a kind's name.
func ParseKind(s string) (Kind, bool) {
	for _, k := range []Kind{Diagnosis, Report} {
		if s == k.String() {
			return k, true
		}
	}
	return 0, false
}

// Item is what is shared, without what is inside.
type Item struct {
	ID      ID
	Kind    Kind
	Hashes  Hashes
	Created time.Time
	Expires time.Time
	Closed  time.Time // zero while open
	Results int       // how many were added; also the last one's Seq
	Bytes   int64     // of all results
}

// Result is what is known of a result without opening it.
type Result struct {
	ID      ID
	Seq     int // from 1, in the order of arrival
	Created time.Time
	Size    int // bytes of the envelope
}

// The limits.
const (
	MaxBrief   = 32 << 10 // bytes of a padded brief
	MaxResult  = 2 << 20  // bytes of a padded result or report
	MaxResults = 64       // results of a diagnosis
	MaxBytes   = 32 << 20 // bytes of a diagnosis's results
	MaxDays    = 30       // days to live, from when they are asked for
	Day        = 24 * time.Hour

	// How long an id that is gone is remembered, so that nobody can bring it back
	// by sending the same request again.
	remembered = 400 * Day
)

// What can go wrong. Every other error is the store's own, with its cause.
var (
	// ErrNotFound is the one answer to an id that is unknown, expired or deleted
	// and to a token that is wrong.
	ErrNotFound = errors.New("there is no such diagnosis, or this token does not open it")
	ErrClosed   = errors.New("the diagnosis is closed")
	ErrConflict = errors.New("something else is there under this id")
	ErrFull     = errors.New("the diagnosis takes no more results")
	ErrEnvelope = errors.New("not an envelope")
	ErrTooLarge = errors.New("the envelope is too large")

	// ErrNoSpace and ErrUnavailable wrap their cause, which is for the log alone.
	ErrNoSpace     = errors.New("the disk of the store is full")
	ErrUnavailable = errors.New("the store cannot be written or reached")
)

// Store is where things lie. It knows ids and times and nothing of tokens; times
// are those of the Keeper's clock, to the millisecond. All methods may be called
// at once. What returned without error is on disk, whole, and stays there when
// the process is killed the next moment.
type Store interface {
	// Create keeps a new item. The same item again is no error and changes
	// nothing (created is false); another one under its id is ErrConflict; one
	// that is gone is ErrNotFound.
	Create(ctx context.Context, it Item, envelope []byte) (created bool, err error)
	// Item finds one, expired or not, without its envelope; ErrNotFound.
	Item(ctx context.Context, id ID) (Item, error)
	// Envelope is what is inside: the brief, or the report.
	Envelope(ctx context.Context, id ID) ([]byte, error)
	// Add keeps a result and gives it its number. The same bytes under the same id
	// again get the same answer (added is false); others ErrConflict. ErrNotFound
	// where the item is not there or has expired by now, ErrClosed, ErrFull.
	Add(ctx context.Context, item, result ID, envelope []byte, now time.Time) (res Result, added bool, err error)
	// Results lists those with a number above after, in order.
	Results(ctx context.Context, item ID, after int) ([]Result, error)
	// Result is what is inside one; ErrNotFound.
	Result(ctx context.Context, item, result ID) ([]byte, error)
	// Change sets when an item expires and when it was closed (zero: it is open);
	// ErrNotFound where it is not there or has expired by now.
	Change(ctx context.Context, id ID, expires, closed, now time.Time) error
	// Delete removes an item, with its results, and remembers that it is gone.
	Delete(ctx context.Context, id ID, now time.Time) error
	// Purge deletes what has expired by now and tells how much.
	Purge(ctx context.Context, now time.Time) (int, error)
	// Mark moves the clock's high-water mark to t, unless it is above, and tells
	// where it stands.
	Mark(ctx context.Context, t time.Time) (time.Time, error)
	// Watch gives a channel that is written to after an item has changed, by
	// whichever process: at least once, with no more said than that.
	Watch(id ID) (changed <-chan struct{}, stop func())
	Close() error
}
