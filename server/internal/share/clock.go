package share

import (
	"sync"
	"time"
)

// clock is the time by which things expire. It never goes back: when the
// machine's clock does, this one goes on from where it was at the pace of real
// time, so that what has expired stays so and what is new still lives its days.
type clock struct {
	wall func() time.Time     // the machine's
	mono func() time.Duration // real time since some moment

	mu   sync.Mutex
	last time.Time // at mono
	at   time.Duration
}

func newClock() *clock {
	start := time.Now()
	return &clock{
		wall: func() time.Time { return time.Now().Round(0) }, // without Go's own monotonic part
		mono: func() time.Duration { return time.Since(start) },
	}
}

// now is the time in UTC, to the millisecond, at least as late as ever before.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.mono()
	t := c.last.Add(m - c.at)
	if wall := c.wall(); wall.After(t) {
		t = wall
	}
	c.last, c.at = t, m
	return t.UTC().Truncate(time.Millisecond)
}

// advance moves the clock to what another process, or an earlier life of this
// one, has already seen.
func (c *clock) advance(to time.Time) {
	c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.After(c.last) {
		c.last = to
	}
}

// shown turns a time of this clock into one of the machine's, for people.
func (c *clock) shown(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	ahead := c.now().Sub(c.wall().UTC().Truncate(time.Millisecond))
	if ahead < time.Second {
		return t // the same but for rounding
	}
	return t.Add(-ahead)
}
