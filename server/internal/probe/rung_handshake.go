package probe

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

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
