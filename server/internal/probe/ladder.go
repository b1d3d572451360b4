package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// ladder climbs one address and port.
type ladder struct {
	run  *run
	at   int
	addr netip.Addr

	port   int
	scheme string
	side   sync.WaitGroup // second tries beside the climb, informative ones
	faulty bool           // TLS is there, and its certificate does not hold
}

func (l *ladder) limits() *Limits { return &l.run.p.cfg.Limits }

func (l *ladder) to() netip.AddrPort { return netip.AddrPortFrom(l.addr, uint16(l.port)) }

// climb goes up as far as it can and leaves every rung with a final state.
func (l *ladder) climb(ctx context.Context) {
	r := l.run
	r.mu.Lock()
	l.port, l.scheme = r.ladders[l.at].Port, r.ladders[l.at].Scheme
	r.mu.Unlock()
	ctx, stop := context.WithCancel(ctx)
	l.rungs(ctx)
	l.side.Wait()
	stop()

	r.mu.Lock()
	defer r.mu.Unlock()
	lad := &r.ladders[l.at]
	lad.State = OK
	for i := range lad.Rungs {
		g := &lad.Rungs[i]
		if g.State == Waiting {
			g.State, g.Detail = Skipped, "Not reached."
			switch {
			case lad.Failed != "" && !l.faulty:
			case g.Stage == Publish && !r.plan.Publish:
				g.Detail = "Not asked for."
			case g.Stage == Publish && l.faulty:
				g.Detail = "The key was not sent: the certificate does not say who would get it."
			case g.Stage == Connect && r.plan.link.app == "":
				g.Detail = "The target names no application: give the whole URL."
			}
			r.send(Event{Type: "rung", Ladder: l.at, Rung: copyRung(g)})
		}
		if lad.Failed == "" && (g.State == Failed || g.State == TimedOut || g.State == Cancelled) {
			lad.Failed, lad.State = g.Stage, g.State
		}
	}
	if lad.Rungs[0].State == Skipped {
		lad.State = Skipped
	}
}

func (l *ladder) rungs(ctx context.Context) {
	c, ok := l.tcp(ctx)
	if !ok {
		return
	}
	defer c.Close()
	var rw stream = c
	if l.scheme == "rtmps" {
		if rw, ok = l.tls(ctx, c); !ok {
			return
		}
	}
	h, shake, ok := l.handshake(ctx, c, rw)
	if !ok {
		return
	}
	if l.run.plan.link.app == "" && !(l.run.plan.Publish && l.run.plan.Profile.URL.WholePath) {
		l.doubt(h, shake, false)
		return
	}
	s, ok := l.connect(ctx, c, rw, h, shake)
	if !ok || !l.run.plan.Publish || l.faulty {
		return
	}
	l.publish(ctx, c, s)
}

// stream is what RTMP is spoken over.
type stream interface {
	io.ReadWriteCloser
	deadliner
}

// within gives the deadline of a stage that begins now.
func within(ctx context.Context, limit time.Duration) time.Time {
	until := time.Now().Add(limit)
	if d, ok := ctx.Deadline(); ok {
		until = earlier(until, d)
	}
	return until
}

// retry is how long a second try may take after the first has failed at once:
// whoever speaks the other protocol answers within a round trip.
func (l *ladder) retry() time.Duration { return l.limits().Silence + time.Second }

// text writes a limit or a length of time.
func text(d time.Duration) string { return rules.Duration(ms(d)) }

// tcp connects.
func (l *ladder) tcp(ctx context.Context) (*conn, bool) {
	r, limit := l.run, l.limits().TCP
	x := r.begin(l.at, TCP, limit)
	if admit := r.p.cfg.Admit; admit != nil {
		if err := admit(l.addr); err != nil {
			x.end(Skipped, upper(visible(err.Error())))
			return nil, false
		}
	}
	x.sent("SYN to %s", l.to())
	dctx, stop := context.WithTimeout(ctx, limit)
	c, err := r.p.guard.dial(dctx, l.to())
	stop()
	took := x.took()
	address, port := diag.S("address", l.addr.String()), diag.S("port", strconv.Itoa(l.port))
	noRoute := func(state, reason string, sev diag.Severity) {
		f := r.finding("probe-no-route", x.place(), address, port, diag.S("reason", reason))
		f.Severity = max(f.Severity, sev)
		x.end(state, upper(reason)+".", f)
	}
	if err == nil {
		x.seen("SYN, ACK: connected")
		x.end(OK, "Connected.", r.slow(x)...)
		return newConn(ctx, c, l.limits().Bytes), true
	}
	switch endingOf(ctx, err) {
	case endCancelled:
		x.end(Cancelled, "Stopped.")
	case endRefused:
		x.seen("RST: connection refused")
		x.end(Failed, "The server refuses the connection: nothing listens on this port.",
			r.finding("probe-tcp-refused", x.place(), address, port, diag.I("took_ms", took)))
	case endTimeout:
		x.remark("no answer")
		x.end(TimedOut, "No answer within "+text(limit)+".",
			r.finding("probe-tcp-timeout", x.place(), address, port, diag.I("limit_ms", limit.Milliseconds())))
	case endNoRoute:
		// Nothing was sent, so the server is not to blame.
		if l.addr.Is6() {
			noRoute(Skipped, "there is no IPv6 here", diag.Warning)
		} else {
			noRoute(Skipped, "this machine has no route there", diag.Warning)
		}
	case endUnreach:
		x.seen("ICMP: host unreachable")
		noRoute(Failed, "a router says that the host is unreachable", diag.Error)
	case endDenied:
		noRoute(Failed, "a firewall on this machine forbids it", diag.Warning)
	case endRule:
		// Judged before, so only a change of the own addresses gets here.
		x.end(Skipped, "This address may not be probed.")
	case endReset:
		// The reset came behind the server's SYN, ACK, which a refusal never sends.
		x.seen("SYN, ACK: connected")
		x.end(OK, "Connected.", r.slow(x)...)
		l.resetAtOnce(ctx, err)
	default:
		r.p.cfg.Log.Warn("dialling failed in an unknown way", "cause", cause(err))
		noRoute(Failed, "the connection could not be made", diag.Warning)
	}
	return nil, false
}

// resetAtOnce fails the first rung above TCP: the server accepts and resets.
func (l *ladder) resetAtOnce(ctx context.Context, err error) {
	if l.scheme == "rtmps" {
		l.noTLS(ctx, l.run.begin(l.at, TLS, l.limits().TLS), &conn{}, err, false, false)
		return
	}
	l.broken(ctx, l.run.begin(l.at, Handshake, l.limits().Handshake), newShaker(nil), err)
}

func trimTLS(err error) string {
	s := err.Error()
	for _, cut := range []string{"tls: ", "x509: "} {
		if len(s) > len(cut) && s[:len(cut)] == cut {
			s = s[len(cut):]
		}
	}
	return visible(s)
}

// cause is what lies at the bottom of an error, as a log may hold it: an error
// of the system in its words, of any other only its type. Texts may name the
// target.
func cause(err error) string {
	if no := syscall.Errno(0); errors.As(err, &no) {
		return no.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}
