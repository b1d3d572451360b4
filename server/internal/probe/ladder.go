package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"ingestdoctor/server/internal/rtmp"
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

// second is another connection to the same place, for a second try.
func (l *ladder) second(ctx context.Context) (*conn, error) {
	c, err := l.run.p.guard.dial(ctx, l.to())
	if err != nil {
		return nil, err
	}
	return newConn(ctx, c, l.limits().Bytes), nil
}

// speaksPlain tries the plain handshake on a connection of its own.
func (l *ladder) speaksPlain(ctx context.Context, limit time.Duration) bool {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	c, err := l.second(ctx)
	if err != nil {
		return false
	}
	defer c.Close()
	until := within(ctx, limit)
	c.stage(until)
	return newShaker(nil).run(c, c, until) == nil
}

// speaksTLS tries a TLS handshake on a connection of its own.
func (l *ladder) speaksTLS(ctx context.Context, limit time.Duration) (version string, ok bool) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	c, err := l.second(ctx)
	if err != nil {
		return "", false
	}
	defer c.Close()
	c.stage(within(ctx, limit))
	t, err := handshakeTLS(ctx, c, l.run.plan.Host)
	if err != nil {
		return "", false
	}
	return tls.VersionName(t.ConnectionState().Version), true
}

// tls shakes hands, judges the certificate, and finds out what else is there
// where no TLS is. A certificate that does not hold ends nothing: the rungs
// above it still tell something.
func (l *ladder) tls(ctx context.Context, c *conn) (stream, bool) {
	r, lim := l.run, l.limits()
	host := r.plan.Host
	x := r.begin(l.at, TLS, lim.TLS)
	until := within(ctx, lim.TLS)
	c.stage(until)
	if r.plan.addr.IsValid() {
		x.sent("ClientHello, TLS 1.0 to 1.3, no server name: the target is an address")
	} else {
		x.sent("ClientHello, TLS 1.0 to 1.3, server name %s", host)
	}
	type done struct {
		t   *tls.Conn
		err error
	}
	shaken := make(chan done, 1)
	go func() {
		t, err := handshakeTLS(ctx, c, host)
		shaken <- done{t, err}
	}()
	var d done
	plain, tried := false, false
	silence := time.NewTimer(lim.Silence)
	defer silence.Stop()
	select {
	case d = <-shaken:
	case <-silence.C:
		// A server that speaks plain RTMP waits for 1,537 bytes and says nothing.
		x.remark("no answer for %s; trying plain RTMP on a second connection", text(lim.Silence))
		sctx, stop := context.WithCancel(ctx)
		answer := make(chan bool, 1)
		go func() { answer <- l.speaksPlain(sctx, time.Until(until)) }()
		select {
		case d = <-shaken:
			stop()
			<-answer
		case plain = <-answer:
			if tried = true; plain {
				c.stage(time.Now()) // no more to be learned
			}
			d = <-shaken
		}
		stop()
	}
	if d.err == nil {
		return d.t, l.judged(x, d.t)
	}
	l.noTLS(ctx, x, c, d.err, plain, tried)
	return nil, false
}

// judged ends the TLS rung of a handshake that went through.
func (l *ladder) judged(x *rec, t *tls.Conn) bool {
	r := l.run
	state := t.ConnectionState()
	x.answered = time.Since(x.began)
	x.seen("handshake complete: %s, %s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite),
		count(len(state.PeerCertificates), "certificate", "certificates"))
	x.fact("tls_version", tls.VersionName(state.Version))
	x.fact("tls_cipher", tls.CipherSuiteName(state.CipherSuite))
	x.mu.Lock()
	x.rung.Chain = describe(state.PeerCertificates)
	x.mu.Unlock()
	faults := judge(&state, r.plan.Host, r.p.roots(), r.p.cfg.Now())
	if len(faults) == 0 {
		x.end(OK, tls.VersionName(state.Version)+", and the certificate verifies.", r.slow(x)...)
		return true
	}
	l.faulty = true
	var found []diag.Finding
	for _, f := range faults {
		x.remark("%s", f.reason)
		found = append(found, l.tlsFinding(x, f))
	}
	detail := upper(faults[0].reason)
	for _, f := range faults[1:] {
		detail += "; " + f.reason
	}
	x.end(Failed, detail+". The stages above were tried all the same.", found...)
	return true
}

func (l *ladder) tlsFinding(x *rec, f fault) diag.Finding {
	return l.run.finding("probe-tls", x.place(), diag.S("host", l.run.plan.Host), diag.S("reason", f.reason),
		diag.S("certificate_name", f.name), diag.S("expires_at", f.expires), diag.S("tls_version", f.version))
}

// noTLS ends the TLS rung where no TLS came about.
func (l *ladder) noTLS(ctx context.Context, x *rec, c *conn, err error, plain, tried bool) {
	x.mu.Lock()
	first := c.first
	x.mu.Unlock()
	end := endingOf(ctx, err)
	if len(first) > 0 {
		x.fact("first_bytes", hexBytes(first))
	}
	failed := func(reason string) {
		x.end(Failed, upper(reason)+".", l.tlsFinding(x, fault{reason: reason}))
	}
	const speaksPlain = "the port speaks plain RTMP, not TLS"
	var record tls.RecordHeaderError
	text, isAlert := alert(err)
	switch {
	case plain:
		x.seen("plain RTMP: S0, S1, S2")
		failed(speaksPlain)
	case end == endCancelled:
		x.end(Cancelled, "Stopped.")
	case isAlert:
		x.seen("alert: %s", text)
		reason, _ := alertReason(text)
		failed(reason)
	case errors.As(err, &record):
		x.seen("%s  %s", hexBytes(first), visible(string(first)))
		if what, ok := other(first); ok && what != "TLS" {
			l.notRTMP(x, what, first, Failed)
			return
		}
		if first[0] == 3 || l.speaksPlain(ctx, l.retry()) {
			failed(speaksPlain)
			return
		}
		failed("the answer is no TLS")
	case end == endTimeout && len(first) == 0:
		l.notRTMP(x, "nobody (the port stays silent)", nil, TimedOut)
	case end == endTimeout:
		x.end(TimedOut, "The handshake was not complete within "+rules.Duration(x.rung.LimitMS)+".",
			l.tlsFinding(x, fault{reason: "the server began the handshake and did not end it within " + rules.Duration(x.rung.LimitMS)}))
	case end == endBudget:
		failed("the server sends more than any handshake needs")
	case end == endClosed || end == endReset:
		how := "closes"
		if end == endReset {
			how = "resets"
		}
		x.seen("the server %s the connection after %s", how, count(int(c.got), "byte", "bytes"))
		if c.got == 0 && !tried && l.speaksPlain(ctx, l.retry()) {
			x.seen("plain RTMP on a second connection: S0, S1, S2")
			failed(speaksPlain)
			return
		}
		failed("the server " + how + " the connection")
	default:
		// Go's own words: a version or a certificate that it cannot read.
		why := trimTLS(err)
		x.seen("%s", why)
		failed(why)
	}
}

// notRTMP ends a rung at a stranger.
func (l *ladder) notRTMP(x *rec, what string, first []byte, state string) {
	detail := upper(what) + " answers here, not RTMP."
	switch {
	case what == "TLS":
		detail = "TLS answers here, not RTMP: use rtmps."
	case len(first) == 0 && state == TimedOut:
		detail = "Nobody says a word: no answer within " + rules.Duration(x.rung.LimitMS) + "."
	}
	x.end(state, detail, l.run.finding("probe-not-rtmp", x.place(), diag.S("found", what),
		diag.S("port", strconv.Itoa(l.port)), diag.S("first_bytes", hexBytes(first))))
}

// handshake is RTMP's own.
func (l *ladder) handshake(ctx context.Context, c *conn, rw stream) (*rec, *shaker, bool) {
	r, limit := l.run, l.limits().Handshake
	x := r.begin(l.at, Handshake, limit)
	until := within(ctx, limit)
	c.stage(until)
	h := newShaker(x.line)
	second := l.meanwhile(ctx, c, until)
	err := h.run(rw, c, until)
	version := second()
	x.fact("received_bytes", strconv.Itoa(h.got))
	if err == nil {
		x.fact("rtmp_version", "3")
		x.end(OK, shakenText(h), r.slow(x)...)
		l.digest(ctx, x)
		return x, h, true
	}
	if version != "" && h.got == 0 {
		l.needsTLS(x, version)
		return nil, nil, false
	}
	l.broken(ctx, x, h, err)
	return nil, nil, false
}

// meanwhile tries TLS on a second connection while a plain port says nothing,
// and ends the wait on c when it is TLS that answers. The function it gives ends
// the try and tells its version, empty where there was none.
func (l *ladder) meanwhile(ctx context.Context, c *conn, until time.Time) func() string {
	if l.scheme != "rtmp" {
		return func() string { return "" }
	}
	ctx, stop := context.WithCancel(ctx)
	answer := make(chan string, 1)
	go func() {
		defer close(answer)
		silence := time.NewTimer(l.limits().Silence)
		defer silence.Stop()
		select {
		case <-ctx.Done():
			return
		case <-silence.C:
		}
		if version, ok := l.speaksTLS(ctx, time.Until(until)); ok {
			c.stage(time.Now())
			answer <- version
		}
	}()
	return func() string {
		stop()
		return <-answer
	}
}

// needsTLS ends a plain handshake's rung at a port that speaks TLS.
func (l *ladder) needsTLS(x *rec, version string) {
	x.seen("TLS on a second connection: %s", version)
	x.fact("tls_version", version)
	l.notRTMP(x, "TLS", nil, Failed)
}

// broken ends the handshake rung of one that did not go through.
func (l *ladder) broken(ctx context.Context, x *rec, h *shaker, err error) {
	r, limit := l.run, l.limits().Handshake
	var (
		stranger *errOther
		version  rtmp.VersionError
	)
	first := h.first
	if len(first) > 0 {
		x.fact("first_bytes", hexBytes(first))
	}
	broke := func(state, reason string) {
		x.end(state, "The handshake broke: "+reason+".", r.finding("probe-handshake", x.place(), diag.S("reason", reason),
			diag.I("received_bytes", int64(h.got)), diag.I("expected_bytes", rtmp.AnswerLen), diag.I("took_ms", x.took())))
	}
	end := endingOf(ctx, err)
	text, isAlert := alert(err)
	switch {
	case errors.As(err, &stranger):
		l.notRTMP(x, stranger.what, first, Failed)
	case errors.As(err, &version):
		broke(Failed, version.Error())
	case isAlert:
		// Where the server wants a certificate of ours, TLS 1.3 says so only now.
		reason, f := alertReason(text)
		x.seen("TLS alert: %s", text)
		x.end(Failed, upper(reason)+".", l.tlsFinding(x, f))
	case end == endCancelled:
		x.end(Cancelled, "Stopped.")
	case end == endTimeout && h.got == 0:
		x.remark("no answer")
		l.notRTMP(x, "nobody (the port stays silent)", nil, TimedOut)
	case end == endTimeout:
		x.remark("no more bytes")
		broke(TimedOut, "no whole answer within "+rules.Duration(ms(limit)))
	case end == endBudget:
		broke(Failed, err.Error())
	case end == endClosed || end == endReset:
		how := "closed"
		if end == endReset {
			how = "reset"
		}
		x.seen("the connection was %s after %s", how, count(h.got, "byte", "bytes"))
		if h.got == 0 && l.scheme == "rtmp" {
			// So does a server that expects TLS.
			if version, ok := l.speaksTLS(ctx, l.retry()); ok {
				l.needsTLS(x, version)
				return
			}
		}
		broke(Failed, "the connection was "+how)
	default:
		r.p.cfg.Log.Warn("the handshake failed in an unknown way", "cause", cause(err))
		broke(Failed, "the connection failed")
	}
}

func shakenText(h *shaker) string {
	if h.Echoed {
		return "Version 3, and S2 repeats what was sent."
	}
	return "Version 3. S2 does not repeat what was sent; most encoders do not mind."
}

// doubt comes back to a handshake whose S2 was not ours. Where nothing sensible
// followed, it was none (sure); else it is a remark, since most encoders do not
// look.
func (l *ladder) doubt(x *rec, h *shaker, sure bool) {
	if h.Echoed {
		return
	}
	f := l.run.finding("probe-handshake", x.place(), diag.S("reason", "S2 does not repeat what was sent"),
		diag.I("received_bytes", int64(h.got)), diag.I("expected_bytes", rtmp.AnswerLen))
	if !sure {
		f.Severity, f.Basis = diag.Warning, diag.Ours
		x.amend(nil, f)
		return
	}
	x.amend(func(g *Rung) {
		g.State, g.Detail = Failed, "The answer has the length of a handshake, and is none: S2 does not repeat what was sent."
	}, f)
}

// digest tries, beside the climb, the handshake with a digest on a connection
// of its own. Every server takes the simple one, so this is for the record.
func (l *ladder) digest(ctx context.Context, x *rec) {
	l.side.Go(func() {
		limit := min(l.limits().Handshake, 3*time.Second)
		ctx, stop := context.WithTimeout(ctx, limit)
		defer stop()
		verdict := func() string {
			c, err := l.second(ctx)
			if err != nil {
				return "not tried: no second connection"
			}
			defer c.Close()
			until := within(ctx, limit)
			c.stage(until)
			var rw stream = c
			if l.scheme == "rtmps" {
				t, err := handshakeTLS(ctx, c, l.run.plan.Host)
				if err != nil {
					return "not tried: no second connection"
				}
				rw = t
			}
			h := newShaker(nil)
			h.Sign()
			err = h.run(rw, c, until)
			scheme, ok := rtmp.Signed(h.S1[:])
			switch {
			case ok:
				x.fact("server_version", fmt.Sprintf("%d.%d.%d.%d", h.S1[4], h.S1[5], h.S1[6], h.S1[7]))
				return "yes, the " + scheme + " scheme"
			case err != nil:
				return "no: it does not answer that form"
			}
			return "no: it answers as to the simple form"
		}()
		if errors.Is(ctx.Err(), context.Canceled) {
			return
		}
		x.fact("digest", verdict)
		x.amend(nil)
	})
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
