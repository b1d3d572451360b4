package live

import (
	"context"
	"encoding/json"
	"net/netip"
	"sync"
	"time"

	"ingestdoctor/wasm/profile"
)

// Bounds of what a session keeps.
const (
	maxEntries     = 500
	maxTicks       = 600
	maxConnections = 50
	watcherRoom    = 64
)

// session is one test stream, from its making to its being forgotten.
type session struct {
	hub              *Hub
	profile          *profile.Profile
	behave           bool
	refuse           string // the code to refuse with; empty: what the stream brings about
	client           netip.Prefix
	id, key          hash
	secret           string // the key, for masking it wherever it turns up
	created, expires time.Time
	expiry, forget   *time.Timer

	analysis *analysis

	mu       sync.Mutex
	state    string
	reason   string // why it ended
	endText  string
	conns    []*Connection // the last maxConnections
	made     int           // connections so far
	push     *push         // the one that publishes
	back     *time.Timer   // until when an encoder may come back
	entries  []Entry
	dropped  int
	ticks    history
	bytes    int64 // of connections that have ended
	pushed   time.Duration
	n        int64 // events so far
	watchers map[*watcher]struct{}
}

type watcher struct {
	ch     chan Event
	behind bool
	stop   func() bool
}

// since is the session's clock.
func (s *session) since() int64 { return time.Since(s.created).Milliseconds() }

// snapshot needs s.mu.
func (s *session) snapshot() Snapshot {
	v := Snapshot{
		State: s.state, End: s.reason, EndText: s.endText, Profile: s.profile.ID, Behave: s.behave, Refuse: s.refuse,
		Created: s.created, Expires: s.expires,
		Connections: make([]Connection, 0, len(s.conns)),
		Entries:     append([]Entry{}, s.entries...), Dropped: s.dropped,
		Ticks: s.ticks.all(),
	}
	for _, c := range s.conns {
		v.Connections = append(v.Connections, *c)
	}
	v.Report, _ = s.analysis.report(s.hub.cfg.Report)
	return v
}

// emit tells the watchers; data is called once, and only where somebody listens.
// s.mu is held.
func (s *session) emit(name string, data func() any) {
	s.n++
	if len(s.watchers) == 0 {
		return
	}
	var e Event
	for w := range s.watchers {
		// One place is kept for the end.
		if w.behind {
			if len(w.ch) > watcherRoom/4 {
				continue
			}
			w.behind = false
			w.ch <- s.event("state", s.snapshot())
			continue
		}
		if len(w.ch) >= watcherRoom {
			w.behind = true
			continue
		}
		if e.Name == "" {
			e = s.event(name, data())
		}
		w.ch <- e
	}
}

func (s *session) event(name string, data any) Event {
	raw, ok := data.(json.RawMessage)
	if !ok {
		raw, _ = json.Marshal(data) // our own types: it never fails
	}
	return Event{N: s.n, Name: name, Data: raw}
}

func (s *session) emitState() { s.emit("state", func() any { return s.snapshot() }) }

// watch adds a watcher.
func (s *session) watch(ctx context.Context) (<-chan Event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.watchers) >= s.hub.cfg.Watchers {
		return nil, false
	}
	w := &watcher{ch: make(chan Event, watcherRoom+2)}
	state := s.event("state", s.snapshot())
	w.ch <- state
	if s.state == Ended {
		w.ch <- Event{N: s.n, Name: "end", Data: state.Data}
		close(w.ch)
		return w.ch, true
	}
	s.watchers[w] = struct{}{}
	w.stop = context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.watchers[w]; ok {
			delete(s.watchers, w)
			close(w.ch)
		}
	})
	return w.ch, true
}

// watched reports whether somebody looks.
func (s *session) watched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watchers) > 0
}

// note adds an entry; s.mu is not held.
func (s *session) note(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(e)
}

func (s *session) add(e Entry) {
	if len(s.entries) >= maxEntries {
		n := copy(s.entries, s.entries[1:])
		s.entries = s.entries[:n]
		s.dropped++
	}
	s.entries = append(s.entries, e)
	s.emit("entry", func() any { return e })
}

// skip counts an entry that is not shown.
func (s *session) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped++
}

// join makes a connection one of the session's. s.mu is held.
func (s *session) join(c *Connection) {
	s.made++
	c.N = s.made
	if len(s.conns) >= maxConnections {
		s.conns = append(s.conns[:0], s.conns[1:]...)
	}
	s.conns = append(s.conns, c)
}

// changed tells that something of a connection changed. s.mu is held.
func (s *session) changed(c *Connection) {
	s.emit("connection", func() any { return *c })
}

const takenOver = "Nothing had come here for a while, and another connection with the same key took over."

// begin makes p the session's push; it is told why not otherwise.
func (s *session) begin(p *push) (refused string) {
	s.mu.Lock()
	old := s.push
	switch {
	case s.state == Ended:
		s.mu.Unlock()
		return "This test stream has ended. Make a new one for a new key."
	case old != nil && old.idle() < s.hub.cfg.Takeover:
		s.mu.Unlock()
		return "Another encoder is publishing with this key already."
	}
	if old != nil {
		s.settle(old, takenOver, false)
	}
	s.push = p
	s.analysis.publish(p)
	s.state = Publishing
	if s.back != nil {
		s.back.Stop()
		s.back = nil
	}
	s.mu.Unlock()
	if old != nil {
		old.conn.abort(ending{
			reason: "replaced", code: "NetStream.Publish.BadName",
			text: takenOver,
		})
	}
	return ""
}

// settle ends the push that counts, and takes its numbers. s.mu is held.
func (s *session) settle(p *push, why string, bye bool) {
	s.push = nil
	s.gone(p.info, why)
	s.bytes += p.received()
	s.pushed += time.Since(p.began)
	s.analysis.unpublish(p, !bye)
}

// pushEnded notes that a push is over; its encoder may come back.
func (s *session) pushEnded(p *push, why string, bye bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.push != p {
		return // another has taken over, or the session has ended
	}
	s.settle(p, why, bye)
	s.state = Between
	wait := s.hub.cfg.Return
	text := why + " It did not come back within " + seconds(wait) + "."
	if bye {
		wait, text = s.hub.cfg.Goodbye, why
	}
	s.back = time.AfterFunc(wait, func() {
		s.mu.Lock()
		between := s.state == Between
		s.mu.Unlock()
		if between {
			s.end(EndedFinished, text)
		}
	})
	s.emitState()
}

// end ends the session, whatever it does.
func (s *session) end(reason, text string) {
	s.mu.Lock()
	if s.state == Ended {
		s.mu.Unlock()
		return
	}
	s.state, s.reason, s.endText = Ended, reason, text
	p := s.push
	if p != nil {
		s.settle(p, text, true)
	}
	s.analysis.close(s.hub.cfg.Metrics) // before the watchers are told of the end
	if s.back != nil {
		s.back.Stop()
	}
	s.expiry.Stop()
	s.mu.Unlock()

	s.hub.retire(s)
	s.hub.cfg.Metrics.SessionEnded(reason)
	if p != nil {
		p.conn.abort(ending{reason: reason, text: text, code: "NetConnection.Connect.Closed"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if len(s.watchers) == 0 {
		return
	}
	e := s.event("end", s.snapshot())
	for w := range s.watchers {
		w.stop()
		w.ch <- e
		close(w.ch)
		delete(s.watchers, w)
	}
}

// tick takes how the push stands.
func (s *session) tick(t Tick) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Ended {
		return
	}
	t.Bytes += s.bytes
	s.ticks.add(t)
	s.emit("tick", func() any { return t })
}

// history thins ticks: when there are too many, every second one goes and from
// then on only every second one comes in.
type history struct {
	kept  []Tick
	step  int
	count int
	last  Tick
	have  bool
}

func (h *history) add(t Tick) {
	h.last, h.have = t, true
	if h.step == 0 {
		h.step = 1
	}
	n := h.count
	h.count++
	if n%h.step != 0 {
		return
	}
	if len(h.kept) >= maxTicks-1 {
		k := 0
		for i := 0; i < len(h.kept); i += 2 {
			h.kept[k] = h.kept[i]
			k++
		}
		h.kept = h.kept[:k]
		if h.step *= 2; n%h.step != 0 {
			return
		}
	}
	h.kept = append(h.kept, t)
}

// all are the ticks kept, the newest always among them.
func (h *history) all() []Tick {
	list := append([]Tick{}, h.kept...)
	if h.have && (len(list) == 0 || list[len(list)-1].At != h.last.At) {
		list = append(list, h.last)
	}
	return list
}
