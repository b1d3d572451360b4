package probe

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

// Where a publish probe's verdict is: at least this long after
// NetStream.Publish.Start. nginx-rtmp, lal and others send it first and close
// the connection then.
const leastSettle = 800 * time.Millisecond

// closing is how long a server gets to close after it has refused.
const closing = 200 * time.Millisecond

// flashVer names us as encoders are named; some servers look for FMLE.
func (p *Prober) flashVer() string {
	s := "FMLE/3.0 (compatible; IngestDoctor/" + analyze.Version
	if p.cfg.Contact != "" {
		s += "; +" + p.cfg.Contact
	}
	return s + ")"
}

// tcURL is the address as connect names it.
func (l *ladder) tcURL(app string) string {
	return l.scheme + "://" + joinPort(l.run.plan.Host, l.port) + "/" + app
}

// connectBody makes the connect command as OBS and FFmpeg send it.
func (l *ladder) connectBody(more ...any) []byte {
	app := l.run.plan.link.app
	url := l.tcURL(app)
	pairs := []any{"app", app, "type", "nonprivate", "flashVer", l.run.p.flashVer(), "swfUrl", url, "tcUrl", url}
	return rtmp.AppendCommand("connect", 1, rtmp.Object(append(pairs, more...)...))
}

// refusal is a stage that the server did not let pass.
type refusal struct {
	state       string // Failed, TimedOut
	code        string // verbatim, or what happened in words
	description string
	closed      bool
	odd         bool // what came was no RTMP
}

// failure sorts an error while waiting for an answer.
func failure(ctx context.Context, err error, limit time.Duration) refusal {
	var bad *rtmp.Error
	if errors.As(err, &bad) {
		return refusal{state: Failed, code: "an answer that is no RTMP", description: bad.Why, odd: true}
	}
	if words, ok := alert(err); ok {
		return refusal{state: Failed, code: "TLS alert", description: words}
	}
	switch endingOf(ctx, err) {
	case endCancelled:
		return refusal{state: Cancelled}
	case endTimeout:
		return refusal{state: TimedOut, code: "no answer within " + text(limit)}
	case endReset:
		return refusal{state: Failed, code: "the connection was reset"}
	case endClosed:
		return refusal{state: Failed, code: "the connection was closed"}
	case endBudget:
		return refusal{state: Failed, code: "an answer without an end", description: err.Error(), odd: true}
	}
	return refusal{state: Failed, code: "the connection failed"}
}

// refused reports whether a command says no, in the server's own words.
func refused(c *rtmp.Command, s rtmp.Status) bool {
	if c.Name == "_error" || s.Level == "error" {
		return true
	}
	for _, end := range []string{".Rejected", ".InvalidApp", ".AppShutdown", ".Failed", ".Denied", ".BadName", ".Unauthorized", ".BadAuth", ".InvalidArg"} {
		if strings.HasSuffix(s.Code, end) {
			return true
		}
	}
	return false
}

// verdict makes a refusal of what a server said, and waits a moment for it to
// close the connection.
func (l *ladder) verdict(c *conn, s *session, cmd *rtmp.Command, st rtmp.Status) refusal {
	ref := refusal{state: Failed, code: st.Code, description: st.Description}
	if ref.code == "" {
		ref.code = cmd.Name
	}
	c.stage(time.Now().Add(closing))
	err := s.await(func(*rtmp.Command) bool { return false })
	end := endingOf(context.Background(), err)
	ref.closed = end == endClosed || end == endReset
	return ref
}

// end ends a rung with a refusal.
func (l *ladder) end(x *rec, rule string, ref refusal) {
	if ref.state == Cancelled {
		x.end(Cancelled, "Stopped.")
		return
	}
	mask := l.run.plan.mask
	code, description := mask.show(ref.code), mask.show(ref.description)
	x.fact("code", code)
	x.fact("description", description)
	if ref.closed {
		x.seen("the server closes the connection")
	} else if ref.state == Failed && strings.HasPrefix(ref.code, "the connection was") {
		x.seen("%s", ref.code)
	}
	detail := upper(code)
	switch {
	case code == "the connection was closed" || code == "the connection was reset":
		detail += " without an answer"
	case strings.HasPrefix(code, "no answer"):
		detail = "N" + code[1:] + ", and the connection stays open"
	}
	if description != "" {
		detail += ": " + description
	}
	if !strings.HasSuffix(detail, ".") {
		detail += "."
	}
	took := x.took()
	if x.answered > 0 {
		took = x.answered.Milliseconds()
	}
	args := []diag.Arg{diag.S("code", code), diag.S("description", description)}
	if ref.closed {
		args = append(args, diag.B("closed", true))
	}
	if took > 0 && !strings.HasPrefix(ref.code, "no answer") {
		args = append(args, diag.I("took_ms", took))
	}
	x.end(ref.state, detail, l.run.finding(rule, x.place(), args...))
}

// connect asks for the application.
func (l *ladder) connect(ctx context.Context, c *conn, rw stream, hand *rec, shake *shaker) (*session, bool) {
	r, limit := l.run, l.limits().Connect
	x := r.begin(l.at, Connect, limit)
	c.stage(within(ctx, limit))
	s := newSession(rw, func() int64 { return c.got })
	s.say, s.fact = x.line, x.fact
	x.sent("connect(1) app: %q, tcUrl: %q, flashVer: %q", r.plan.link.shown, l.tcURL(r.plan.link.shown), r.p.flashVer())
	var (
		reply *rtmp.Command
		st    rtmp.Status
		sane  bool // something came that only an RTMP server sends
	)
	err := s.send(0, l.connectBody())
	if err == nil {
		err = s.await(func(cmd *rtmp.Command) bool {
			st = cmd.Status()
			sane = true
			switch {
			case (cmd.Name == "_result" || cmd.Name == "_error") && (cmd.Tx == 1 || cmd.Tx == 0),
				cmd.Name == "onStatus" && refused(cmd, st), cmd.Name == "close":
				reply = cmd
				return true
			}
			return false
		})
	}
	x.answered = time.Since(x.began)
	if err != nil {
		ref := failure(ctx, err, limit)
		if ref.state != Cancelled && !sane && !shake.Echoed {
			x.remark("%s: %s", ref.code, ref.description)
			x.end(Skipped, "What followed shows that the handshake was none.")
			l.doubt(hand, shake, true)
			return nil, false
		}
		l.end(x, "probe-connect-rejected", ref)
		return nil, false
	}
	l.doubt(hand, shake, false)
	l.learn(x, reply, st)
	if refused(reply, st) || reply.Name == "close" {
		l.end(x, "probe-connect-rejected", l.verdict(c, s, reply, st))
		return nil, false
	}
	x.end(OK, "The server accepts the application "+strconv.Quote(r.plan.link.shown)+".", r.slow(x)...)
	if r.plan.req.Enhanced {
		l.enhanced(ctx, x)
	}
	return s, true
}

// learn takes down what the answer to connect tells of the server.
func (l *ladder) learn(x *rec, c *rtmp.Command, st rtmp.Status) {
	x.fact("code", st.Code)
	x.fact("level", st.Level)
	x.fact("description", st.Description)
	for _, p := range [...][2]string{
		{"fmsVer", "fms_ver"},
		{"capabilities", "capabilities"},
		{"version", "server_version"},
		{"srs_server", "server_version"},
		{"srs_version", "server_version"},
	} {
		if v, ok := c.Property(p[0]); ok {
			x.fact(p[1], v)
		}
	}
	if v, ok := flvProperty(c, "data", "version"); ok {
		x.fact("server_version", v)
	}
	if st.Redirect != "" {
		x.fact("redirect", st.Redirect)
		x.remark("the server sends encoders elsewhere; that was not followed")
	}
	if scheme := authentication(st.Description); scheme != "" {
		x.fact("authentication", scheme)
		x.remark("the server wants user and password (%s)", scheme)
	}
}

// authentication names the scheme that a refusal asks for. (Adobe Media Server's
// access plug-ins; Limelight's has its own)
func authentication(description string) string {
	d := strings.ToLower(description)
	switch {
	case strings.Contains(d, "authmod=adobe"):
		return "Adobe"
	case strings.Contains(d, "authmod=llnw"):
		return "Limelight"
	case strings.Contains(d, "code=403 need auth"), strings.Contains(d, "authmod="):
		return "of an unknown kind"
	}
	return ""
}

// flvProperty gives a property of an object inside an object.
func flvProperty(c *rtmp.Command, outer, name string) (string, bool) {
	for i := range c.Args {
		if !c.Args[i].IsObject() {
			continue
		}
		if o, ok := c.Args[i].Get(outer); ok && o.IsObject() {
			if v, ok := o.Get(name); ok {
				return v.Str, v.Kind == flv.AMFString
			}
		}
	}
	return "", false
}

// enhanced asks, beside the climb, whether the server names Enhanced RTMP
// codecs: a second connect with fourCcList, since some servers never answer
// one that has it. (Enhanced RTMP v2, "Enhancing NetConnection connect Command")
func (l *ladder) enhanced(ctx context.Context, x *rec) {
	l.side.Go(func() {
		limit := min(l.limits().Connect, 4*time.Second)
		ctx, stop := context.WithTimeout(ctx, limit)
		defer stop()
		verdict := l.askEnhanced(ctx, x, limit)
		if errors.Is(ctx.Err(), context.Canceled) {
			return
		}
		x.fact("enhanced", verdict)
		x.amend(nil)
	})
}

func (l *ladder) askEnhanced(ctx context.Context, x *rec, limit time.Duration) string {
	const untried = "not tried: no second connection"
	c, err := l.second(ctx)
	if err != nil {
		return untried
	}
	defer c.Close()
	until := within(ctx, limit)
	c.stage(until)
	var rw stream = c
	if l.scheme == "rtmps" {
		t, err := handshakeTLS(ctx, c, l.run.plan.Host)
		if err != nil {
			return untried
		}
		rw = t
	}
	if newShaker(nil).run(rw, c, until) != nil {
		return untried
	}
	list := flv.AMFValue{Kind: flv.AMFStrictArray}
	for _, cc := range []string{"av01", "vp09", "hvc1", "Opus", "fLaC", "ac-3", "ec-3"} {
		list.Items = append(list.Items, flv.Str(cc))
	}
	s := newSession(rw, func() int64 { return c.got })
	var reply *rtmp.Command
	x.sent("connect with fourCcList, on a second connection")
	if err = s.send(0, l.connectBody("fourCcList", list)); err == nil {
		err = s.await(func(cmd *rtmp.Command) bool {
			reply = cmd
			return cmd.Name == "_result" || cmd.Name == "_error"
		})
	}
	switch {
	case err != nil:
		return "a connect that offers it gets no answer: " + failure(ctx, err, limit).code
	case reply.Name == "_error":
		return "a connect that offers it is refused"
	}
	for i := range reply.Args {
		if v, ok := reply.Args[i].Get("fourCcList"); ok && v.Kind == flv.AMFStrictArray {
			var names []string
			for k := range v.Items {
				names = append(names, v.Items[k].String())
			}
			return "named: " + strings.Join(names, ", ")
		}
		if v, ok := reply.Args[i].Get("videoFourCcInfoMap"); ok && v.IsObject() {
			var names []string
			for k := range v.Props {
				names = append(names, v.Props[k].Name)
			}
			return "named: " + strings.Join(names, ", ")
		}
	}
	return "not named, which does not mean that it is not taken"
}
