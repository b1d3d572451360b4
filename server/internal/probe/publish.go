package probe

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
)

// publish asks for the stream as encoders do, sends no media, waits for the
// real verdict and takes everything back.
func (l *ladder) publish(ctx context.Context, c *conn, s *session) {
	r, lim := l.run, l.limits()
	settle := max(lim.Settle, leastSettle)
	x := r.begin(l.at, Publish, 2*lim.Publish+settle)
	s.say, s.fact = x.line, x.fact
	name := r.plan.link.stream
	reject := func(ref refusal) { l.end(x, "probe-publish-rejected", ref) }

	c.stage(within(ctx, lim.Publish))
	x.sent("releaseStream(2), FCPublish(3), createStream(4)")
	err := s.send(0,
		rtmp.AppendCommand("releaseStream", 2, rtmp.Null(), flv.Str(name)),
		rtmp.AppendCommand("FCPublish", 3, rtmp.Null(), flv.Str(name)),
		rtmp.AppendCommand("createStream", 4, rtmp.Null()),
	)
	var (
		reply  *rtmp.Command
		st     rtmp.Status
		stream float64
	)
	if err == nil {
		err = s.await(func(cmd *rtmp.Command) bool {
			reply, st = cmd, cmd.Status()
			switch {
			case cmd.Name == "_result" && cmd.Tx == 4:
				for i := range cmd.Args {
					if n, ok := cmd.Args[i].Number(); ok {
						stream = n
					}
				}
				return true
			case cmd.Name == "_error":
				// Many servers do not know releaseStream and FCPublish.
				return cmd.Tx == 4
			case cmd.Name == "onStatus", cmd.Name == "onFCPublish", cmd.Name == "close":
				return refused(cmd, st) || cmd.Name == "close"
			}
			return false
		})
	}
	if err != nil {
		reject(before(failure(ctx, err, lim.Publish), "before publish was asked for"))
		return
	}
	if reply.Name != "_result" {
		x.answered = time.Since(x.began)
		reject(l.verdict(c, s, reply, st))
		return
	}
	if stream < 0 || stream > 1<<31 || stream != float64(uint32(stream)) {
		reject(refusal{state: Failed, code: "an answer that is no RTMP", description: "a stream id that is no number"})
		return
	}
	id := uint32(stream)
	x.fact("stream_id", strconv.FormatUint(uint64(id), 10))

	x.sent("publish(5) of the stream, live")
	c.stage(within(ctx, lim.Publish))
	asked := time.Now()
	if err = s.send(id, rtmp.AppendCommand("publish", 5, rtmp.Null(), flv.Str(name), flv.Str("live"))); err == nil {
		err = s.await(func(cmd *rtmp.Command) bool {
			reply, st = cmd, cmd.Status()
			switch cmd.Name {
			case "onStatus", "onFCPublish":
				return st.Code == "NetStream.Publish.Start" && cmd.Name == "onStatus" || refused(cmd, st)
			case "_error":
				return cmd.Tx == 5 || cmd.Tx == 0
			case "close":
				return true
			}
			return false
		})
	}
	x.answered = time.Since(asked)
	x.fact("answer_ms", strconv.FormatFloat(ms(x.answered), 'f', -1, 64))
	if err != nil {
		reject(failure(ctx, err, lim.Publish))
		return
	}
	x.fact("code", st.Code)
	x.fact("level", st.Level)
	x.fact("description", st.Description)
	if st.Code != "NetStream.Publish.Start" || refused(reply, st) {
		reject(l.verdict(c, s, reply, st))
		return
	}

	// The server has said yes. Many say so before they have looked.
	x.remark("waiting %s: many servers send this first and close the connection then", text(settle))
	c.stage(within(ctx, settle))
	start := time.Now()
	err = s.await(func(cmd *rtmp.Command) bool {
		reply, st = cmd, cmd.Status()
		return cmd.Name == "close" || (cmd.Name == "onStatus" || cmd.Name == "onFCPublish" || cmd.Name == "_error" && cmd.Tx == 5) && refused(cmd, st)
	})
	switch ref := failure(ctx, err, settle); {
	case err == nil:
		reject(l.verdict(c, s, reply, st))
	case ref.state == Cancelled:
		reject(ref) // the connection is closed already, which gives the stream back too
	case ref.state == TimedOut:
		l.unpublish(c, s, id, name)
		x.sent("FCUnpublish(6), deleteStream(7), close")
		x.end(OK, "The server takes the stream: NetStream.Publish.Start, and nothing against it for "+
			text(time.Since(start).Round(time.Millisecond))+".", r.slow(x)...)
	default:
		x.answered = time.Since(asked)
		if !ref.odd {
			ref.code += " after NetStream.Publish.Start"
		}
		reject(ref)
	}
}

// unpublish gives the stream back, so that its key is free again at once.
func (l *ladder) unpublish(c *conn, s *session, id uint32, name string) {
	c.stage(time.Now().Add(time.Second))
	_ = s.send(0,
		rtmp.AppendCommand("FCUnpublish", 6, rtmp.Null(), flv.Str(name)),
		rtmp.AppendCommand("deleteStream", 7, rtmp.Null(), flv.Num(float64(id))),
	)
	// Unread bytes would make the close a reset, which may overtake what was sent.
	_ = c.CloseWrite()
	c.stage(time.Now().Add(closing))
	_, _ = io.Copy(io.Discard, c)
}

// before says at which point of the stage something happened.
func before(r refusal, when string) refusal {
	if r.state != Cancelled && !r.odd && !strings.HasPrefix(r.code, "no answer") {
		r.code += " " + when
	}
	return r
}
