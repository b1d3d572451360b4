package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"ingestdoctor/wasm/flv"
)

// ingestServer takes connect, and refuses publish with the server's words.
func ingestServer(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				in := make([]byte, 1537)
				if _, err := io.ReadFull(c, in); err != nil {
					return
				}
				_, _ = c.Write(append(append([]byte{3}, make([]byte, 1536)...), in[1:]...))
				if _, err := io.ReadFull(c, in[:1536]); err != nil {
					return
				}
				say := func(values ...flv.AMFValue) {
					var body []byte
					for _, v := range values {
						body = flv.AppendAMF0(body, v)
					}
					_, _ = c.Write(append([]byte{3, 0, 0, 0, 0, 0, byte(len(body)), 20, 0, 0, 0, 0}, body...))
				}
				status := func(level, code, text string) flv.AMFValue {
					return flv.AMFValue{Kind: flv.AMFObject, Props: []flv.AMFProperty{
						{Name: "level", Value: flv.Str(level)}, {Name: "code", Value: flv.Str(code)}, {Name: "description", Value: flv.Str(text)},
					}}
				}
				null := flv.AMFValue{Kind: flv.AMFNull}
				buf := make([]byte, 4096)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					switch got := buf[:n]; {
					case bytes.Contains(got, []byte("createStream")):
						say(flv.Str("_result"), flv.Num(4), null, flv.Num(1))
					case bytes.Contains(got, []byte("publish")):
						say(flv.Str("onStatus"), flv.Num(0), null, status("error", "NetStream.Publish.BadName", "key s3cr3t-k3y \x1b[31mis in use"))
					case bytes.Contains(got, []byte("connect")):
						say(flv.Str("_result"), flv.Num(1), null, status("status", "NetConnection.Connect.Success", "ok"))
					}
				}
			})
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return ln.Addr().String()
}

func runProbe(t *testing.T, o ProbeOptions) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	o.Stdout, o.Stderr = &out, &errs
	if o.Stdin == nil {
		o.Stdin = strings.NewReader("")
	}
	status = Probe(context.Background(), o)
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, "s3cr3t") || strings.Contains(text, "\x1b") {
			t.Errorf("a secret or an escape is printed:\n%s", text)
		}
	}
	return status, out.String(), errs.String()
}

func TestProbe(t *testing.T) {
	t.Parallel()
	addr := ingestServer(t)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().String()
	ln.Close()
	for _, tt := range []struct {
		name   string
		o      ProbeOptions
		status int
		out    []string
		errs   string
	}{
		{
			"good",
			ProbeOptions{Target: "rtmp://" + addr + "/live", AllowPrivate: true},
			ExitClean,
			[]string{"The server is there and accepts the connection", "Probed from this machine and its network", "ok        connect", "skipped   publish", "Not asked for."},
			"",
		},
		{
			"publish",
			ProbeOptions{Target: "rtmp://" + addr + "/live/s3cr3t-k3y", AllowPrivate: true, Publish: true},
			ExitFindings,
			[]string{"A push would fail: the server does not take the stream (NetStream.Publish.BadName)", "rtmp://" + addr + "/live/****", `key **** \x1b[31mis in use`, "probe-publish-rejected", "At: 127.0.0.1 port "},
			"",
		},
		{
			"from standard input",
			ProbeOptions{Target: "-", Stdin: strings.NewReader("rtmp://" + addr + "/live/s3cr3t-k3y\n"), AllowPrivate: true, Publish: true},
			ExitFindings,
			[]string{"NetStream.Publish.BadName"},
			"",
		},
		{
			"key apart",
			ProbeOptions{Target: "rtmp://" + addr + "/live", Key: "s3cr3t-k3y", AllowPrivate: true, Publish: true, Yes: true},
			ExitFindings,
			[]string{"NetStream.Publish.BadName"},
			"",
		},
		{"transcript", ProbeOptions{Target: "rtmp://" + addr + "/live", AllowPrivate: true, Transcript: true}, ExitClean, []string{"> connect(1) app: \"live\"", "< S2, which repeats C1"}, ""},
		{"closed", ProbeOptions{Target: "rtmp://" + closed + "/live", AllowPrivate: true}, ExitFindings, []string{"A push would fail: the server refuses the connection on port", "probe-tcp-refused"}, ""},
		{"private", ProbeOptions{Target: "rtmp://" + addr + "/live"}, ExitFindings, []string{"Nothing was probed", "add --allow-private"}, ""},
		{"no RTMP", ProbeOptions{Target: "https://" + addr + "/live"}, ExitUnusable, nil, "Only rtmp and rtmps can be probed."},
		{"no key", ProbeOptions{Target: "rtmp://" + addr + "/live", Publish: true, AllowPrivate: true}, ExitUnusable, nil, "give the stream key"},
		{"no profile", ProbeOptions{Target: addr, Profile: "nope"}, ExitUnusable, nil, "there is no profile nope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := runProbe(t, tt.o)
			if status != tt.status {
				t.Errorf("status %d, want %d\n%s%s", status, tt.status, out, errs)
			}
			for _, want := range tt.out {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			if !strings.Contains(errs, tt.errs) || tt.errs == "" && errs != "" {
				t.Errorf("complaint %q, want %q", errs, tt.errs)
			}
		})
	}
}

func TestProbeJSON(t *testing.T) {
	t.Parallel()
	addr := ingestServer(t)
	status, out, _ := runProbe(t, ProbeOptions{Target: "rtmp://" + addr + "/live/s3cr3t-k3y", AllowPrivate: true, Publish: true, JSON: true})
	var r struct {
		Format, Kind string
		Findings     []struct{ Rule, Stage string }
		Ladders      []struct {
			Rungs []struct{ Stage, State string }
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	if status != ExitFindings || r.Format != "ingestdoctor.report/1" || r.Kind != "probe" || len(r.Findings) != 1 ||
		r.Findings[0].Rule != "probe-publish-rejected" || r.Findings[0].Stage != "publish" || len(r.Ladders) != 1 || len(r.Ladders[0].Rungs) != 4 {
		t.Errorf("status %d, %+v", status, r)
	}
}

// Interrupted, it prints what it has.
func TestProbeInterrupted(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp4", "127.0.0.1:0") // accepts nothing, answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var out, errs bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- Probe(ctx, ProbeOptions{Target: "rtmp://" + ln.Addr().String() + "/live", AllowPrivate: true, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	}()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	if status := <-done; status != ExitInterrupted || !strings.Contains(out.String(), "Stopped before its end") {
		t.Errorf("status %d\n%s", status, out.String())
	}
}
