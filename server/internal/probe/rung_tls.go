package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"strconv"
	"time"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

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
