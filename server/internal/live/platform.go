package live

import (
	"strings"
	"sync"
	"time"

	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/check"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// Refusal is a way in which a platform refuses, for whoever wants to see how an
// encoder takes it (Request.Refuse).
type Refusal struct {
	Code  string `json:"code"`  // of the platform, as the knowledge base has it
	Title string `json:"title"` // in a few words
	URL   string `json:"url"`   // its page
}

// Behaves reports whether a session can refuse as the platform of this profile does.
func Behaves(p *profile.Profile) bool { return conductOf(p) != nil }

// BehaviourText says in a sentence or two how the platform refuses and what is
// known of it; for others, why nothing is refused.
func BehaviourText(p *profile.Profile) string {
	if c := conductOf(p); c != nil {
		return c.text
	}
	switch p.ID {
	case "generic":
		return "No platform is chosen, so nothing is refused."
	case "youtube", "twitch", "facebook", "mux":
		return p.Short + " takes the push and shows faults in its dashboard; no refusal of a running push is documented, so nothing is refused."
	}
	return "How " + p.Short + " refuses a push is not documented, so nothing is refused."
}

// Refusals are the refusals that can be asked for, nil where there are none.
func Refusals(p *profile.Profile) []Refusal {
	c := conductOf(p)
	if c == nil {
		return nil
	}
	list := []Refusal{}
	for i := range c.refusals {
		if r := &c.refusals[i]; !r.note && r.code != "" {
			list = append(list, Refusal{Code: r.code, Title: r.title, URL: rules.CodeURL(p.Platform, r.code)})
		}
	}
	return list
}

// conduct is how one platform refuses.
type conduct struct {
	platform string
	text     string // for the page
	tells    string // how the platform tells of a refusal, a sentence
	calls    string // how it tells of what it lets pass
	refusals []refusal
}

// refusal is one entry of a conduct. It is given where one of its rules is found
// in this connection's media, or when says why; one with neither only where it is asked for.
type refusal struct {
	code, title string // code: as the knowledge base has it; empty: it has none
	rules       []string
	least       diag.Severity // of the findings; Off means error
	track       string        // of the finding; empty: any
	when        func(*actor, *standing) string
	basis       diag.Basis // that the platform refuses this
	note        bool       // the platform tells and lets the stream go on

	publish             bool // refused at publish and not while media flows
	start               bool // Publish.Start is sent, and the connection closed right after
	stays               bool // the connection is not closed
	status, description string
	tells               string // in place of the conduct's
}

// standing is how one connection stands.
type standing struct {
	check.Standing
	findings []diag.Finding
	publish  int64 // ms since publish
	media    int64 // ms since the first media; -1 before
}

func conductOf(p *profile.Profile) *conduct {
	for i := range conducts {
		if conducts[i].platform == p.Platform && p.Platform != "" {
			return &conducts[i]
		}
	}
	return nil
}

// actor plays the platform for one connection. It looks at the connection's media
// by itself: the session's report goes on from one to the next, and a platform
// begins anew.
type actor struct {
	c     *conduct
	p     *profile.Profile
	asked *refusal // what the user wants to see; nil: what the stream brings about

	mu     sync.Mutex
	live   *analyze.Live
	first  time.Duration // of the first media; -1 before
	told   map[*refusal]bool
	ended  bool
	buffer []byte
}

// newBehaviour makes the behaviour of a profile's platform for one connection, nil
// where it has none. refuse is a code of Refusals to answer with at once, or empty.
func newBehaviour(p *profile.Profile, refuse string) behaviour {
	c := conductOf(p)
	if c == nil {
		return nil
	}
	b := &actor{c: c, p: p, first: -1, told: map[*refusal]bool{}, live: analyze.NewLive(analyze.Options{Profile: p, Size: -1})}
	for i := range c.refusals {
		if r := &c.refusals[i]; refuse != "" && r.code == refuse && !r.note {
			b.asked = r
		}
	}
	_, _ = b.live.Write([]byte{'F', 'L', 'V', 1, 0, 0, 0, 0, 9, 0, 0, 0, 0})
	b.live.Publish(0)
	return b
}

func (b *actor) connect(*Connection) verdict { return verdict{} }

func (b *actor) publish(*Connection) verdict {
	if r := b.asked; r != nil && r.publish && !r.start {
		return b.verdict(r, "")
	}
	return verdict{}
}

func (b *actor) media(*Connection) verdict { return verdict{} }

func (b *actor) message(at time.Duration, typ byte, ms uint32, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	n := len(body)
	b.buffer = append(b.buffer[:0], typ, byte(n>>16), byte(n>>8), byte(n), byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0)
	b.buffer = append(b.buffer, body...)
	n += 11
	b.buffer = append(b.buffer, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	b.live.SetArrival(int64(at))
	_, _ = b.live.Write(b.buffer)
	if b.first < 0 && b.live.Standing().Media {
		b.first = at
	}
}

// tick gives one verdict at a time, the gravest last: nothing follows the end.
func (b *actor) tick(_ *Tick, elapsed time.Duration, _ []diag.Finding) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return verdict{}
	}
	b.live.Tick(int64(elapsed))
	s := standing{Standing: b.live.Standing(), findings: b.live.Findings(), publish: elapsed.Milliseconds(), media: -1}
	if b.first >= 0 {
		s.media = (elapsed - b.first).Milliseconds()
	}
	if r := b.asked; r != nil {
		if s.media < 0 && !r.publish {
			return verdict{}
		}
		return b.end(r, "")
	}
	var last *refusal
	because := ""
	for i := range b.c.refusals {
		r := &b.c.refusals[i]
		if b.told[r] || !r.note && last != nil {
			continue
		}
		why, ok := r.applies(b, &s)
		if !ok {
			continue
		}
		if r.note {
			b.told[r] = true
			return b.verdict(r, why)
		}
		last, because = r, why
	}
	if last == nil {
		return verdict{}
	}
	return b.end(last, because)
}

func (b *actor) end(r *refusal, why string) verdict {
	b.ended = true
	b.live, b.buffer = nil, nil // they are large
	return b.verdict(r, why)
}

// applies reports whether the platform would refuse now, and why.
func (r *refusal) applies(b *actor, s *standing) (why string, ok bool) {
	if r.when != nil {
		if why = r.when(b, s); why != "" {
			return why, true
		}
	}
	least := r.least
	if least == diag.Off {
		least = diag.Error
	}
	for i := range s.findings {
		f := &s.findings[i]
		if f.Severity < least || r.track != "" && f.Media.Track != r.track {
			continue
		}
		for _, id := range r.rules {
			if f.Rule != id {
				continue
			}
			why = rules.Message(f)
			if f.Basis == diag.Ours {
				why += " That number is ours: the platform publishes none."
			}
			return why, true
		}
	}
	return "", false
}

// verdict words a refusal.
func (b *actor) verdict(r *refusal, why string) verdict {
	v := verdict{level: "error", code: r.status, description: r.description, close: !r.note && !r.stays}
	if r.status != "" {
		v.command = "onStatus"
	}
	name := r.code
	if name == "" {
		name = r.title
	} else {
		v.page = rules.CodeURL(b.p.Platform, r.code)
		if !strings.Contains(r.code, r.title) {
			name += " (" + strings.TrimSuffix(r.title, ".") + ")"
		}
	}
	switch {
	case r.note:
		v.level = "warning"
		v.why = b.p.Short + " tells of " + name + " and lets the stream go on."
	case b.asked != nil:
		v.why = "As was asked for, refused as " + b.p.Short + " does with " + name + "."
	default:
		v.why = b.p.Short + " ends this push: " + name + "."
	}
	tells := r.tells
	switch {
	case tells != "":
	case r.note:
		tells = b.c.calls
	default:
		tells = b.c.tells
	}
	for _, more := range [...]string{why, tells} {
		if more != "" {
			v.why += " " + more
		}
	}
	if r.basis == diag.Inferred {
		v.why += " That it does so at this point is inferred."
	}
	return v
}
