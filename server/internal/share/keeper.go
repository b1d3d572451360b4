package share

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"log/slog"
	"time"
)

// Keeper decides who may do what with which item, and what has expired. Whatever
// is unknown, expired or deleted, and whatever token is wrong, gets ErrNotFound:
// from the answer nobody can tell which it was.
type Keeper struct {
	store Store
	clock *clock
	log   *slog.Logger
	dummy Hashes // to compare with where there is nothing
}

// NewKeeper starts from where the store's clock stands.
func NewKeeper(ctx context.Context, store Store, log *slog.Logger) (*Keeper, error) {
	return newKeeper(ctx, store, log, newClock())
}

func newKeeper(ctx context.Context, store Store, log *slog.Logger, c *clock) (*Keeper, error) {
	k := &Keeper{store: store, clock: c, log: log}
	for _, h := range []*Hash{&k.dummy.Read, &k.dummy.Add, &k.dummy.Own} {
		rand.Read(h[:]) // never fails
	}
	return k, k.tick(ctx)
}

// tick brings the clock and the store's mark together.
func (k *Keeper) tick(ctx context.Context) error {
	mark, err := k.store.Mark(ctx, k.clock.now())
	if err == nil {
		k.clock.advance(mark)
	}
	return err
}

// Run deletes what has expired, every interval, until the context ends.
func (k *Keeper) Run(ctx context.Context, every time.Duration) {
	for {
		if err := k.purge(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("expired diagnoses could not be deleted; nobody can read them", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

func (k *Keeper) purge(ctx context.Context) error {
	late := k.tick(ctx)
	n, err := k.store.Purge(ctx, k.clock.now())
	if n > 0 {
		k.log.Info("expired diagnoses are deleted", "count", n)
	}
	return errors.Join(late, err)
}

// Close closes the store.
func (k *Keeper) Close() error { return k.store.Close() }

// Shown turns a time of an Item or a Result into one to show: the Keeper's clock
// may be ahead of the machine's.
func (k *Keeper) Shown(t time.Time) time.Time { return k.clock.shown(t) }

// New is what is asked to be kept.
type New struct {
	ID       ID
	Kind     Kind
	Hashes   Hashes
	Envelope []byte
	Days     int // to live, 1 to MaxDays
}

// Create keeps a new item. Sent again it is not created again. ErrEnvelope,
// ErrTooLarge, ErrConflict; ErrNotFound for an id that is not its tokens' or is gone.
func (k *Keeper) Create(ctx context.Context, n New) (it Item, created bool, err error) {
	if n.Hashes.ID() != n.ID || n.Hashes.Read == n.Hashes.Add || n.Hashes.Add == n.Hashes.Own || n.Hashes.Read == n.Hashes.Own {
		return Item{}, false, ErrNotFound
	}
	kind, most := byte(briefEnvelope), MaxBrief
	if n.Kind == Report {
		kind, most = reportEnvelope, MaxResult
	}
	if err := checkEnvelope(n.Envelope, kind, most); err != nil {
		return Item{}, false, err
	}
	if n.Days < 1 || n.Days > MaxDays {
		return Item{}, false, errors.New("share: days to live out of range") // the site has checked
	}
	now := k.clock.now()
	it = Item{ID: n.ID, Kind: n.Kind, Hashes: n.Hashes, Created: now, Expires: now.Add(time.Duration(n.Days) * Day)}
	created, err = k.store.Create(ctx, it, n.Envelope)
	if err == nil && !created {
		it, err = k.live(ctx, n.ID)
	}
	return it, created, err
}

// live finds an item that has not expired. One that has is deleted on the spot,
// so that no clock and no restart brings it back.
func (k *Keeper) live(ctx context.Context, id ID) (Item, error) {
	it, err := k.store.Item(ctx, id)
	if err != nil {
		return Item{}, err
	}
	if now := k.clock.now(); !it.Expires.After(now) {
		if err := k.store.Delete(ctx, id, now); err != nil && !errors.Is(err, ErrNotFound) {
			k.log.Warn("an expired diagnosis could not be deleted; nobody can read it", "error", err.Error())
		}
		return Item{}, ErrNotFound
	}
	return it, nil
}

// Open lets a token in, to an item that is there; else ErrNotFound. It takes the
// same steps whether or not the item is.
func (k *Keeper) Open(ctx context.Context, id ID, token Token, right Right) (Item, error) {
	it, err := k.live(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Item{}, err
	}
	kept := it.Hashes
	if err != nil {
		kept = k.dummy
	}
	shown := token.Hash()
	same := subtle.ConstantTimeCompare(shown[:], kept.of(right)[:])
	if err != nil || same != 1 {
		return Item{}, ErrNotFound
	}
	return it, nil
}

// Envelope is what is inside an item that was opened.
func (k *Keeper) Envelope(ctx context.Context, it Item) ([]byte, error) {
	return k.store.Envelope(ctx, it.ID)
}

// Results lists an opened item's results with a number above after.
func (k *Keeper) Results(ctx context.Context, it Item, after int) ([]Result, error) {
	return k.store.Results(ctx, it.ID, after)
}

// Result is what is inside a result of an opened item; ErrNotFound.
func (k *Keeper) Result(ctx context.Context, it Item, id ID) ([]byte, error) {
	return k.store.Result(ctx, it.ID, id)
}

// Add adds a result to an opened item. The same again gets the same answer.
// ErrEnvelope, ErrTooLarge, ErrConflict, ErrClosed, ErrFull.
func (k *Keeper) Add(ctx context.Context, it Item, id ID, envelope []byte) (res Result, added bool, err error) {
	if err := checkEnvelope(envelope, resultEnvelope, MaxResult); err != nil {
		return Result{}, false, err
	}
	return k.store.Add(ctx, it.ID, id, envelope, k.clock.now())
}

// Change closes an opened item, opens it again, or gives it other days to live,
// from now; 0 leaves them.
func (k *Keeper) Change(ctx context.Context, it Item, closed bool, days int) (Item, error) {
	now := k.clock.now()
	switch {
	case !closed:
		it.Closed = time.Time{}
	case it.Closed.IsZero():
		it.Closed = now
	}
	if days > 0 {
		it.Expires = now.Add(time.Duration(min(days, MaxDays)) * Day)
	}
	return it, k.store.Change(ctx, it.ID, it.Expires, it.Closed, now)
}

// Delete removes an opened item.
func (k *Keeper) Delete(ctx context.Context, it Item) error {
	return k.store.Delete(ctx, it.ID, k.clock.now())
}

// Watch tells when an item changes, by whichever server.
func (k *Keeper) Watch(it Item) (changed <-chan struct{}, stop func()) { return k.store.Watch(it.ID) }

// Again looks at an opened item anew; ErrNotFound once it has expired or is gone.
func (k *Keeper) Again(ctx context.Context, it Item) (Item, error) { return k.live(ctx, it.ID) }
