package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"ingestdoctor/server/internal/cli"
)

type probeCmd struct {
	Profile      string `placeholder:"ID" help:"Platform to judge by; without it the one that the host shows. See: ingestdoctor profiles."`
	Key          string `env:"INGESTDOCTOR_STREAM_KEY" placeholder:"KEY" help:"Stream key, where it is not in the URL; for --publish alone. The environment keeps it out of the shell's history."`
	Publish      bool   `help:"Ask the server to take the stream, too. Where one runs under this key, that may throw it off the air."`
	Yes          bool   `help:"Do not ask before publishing."`
	Enhanced     bool   `help:"Ask whether the server names Enhanced RTMP codecs."`
	AllowPrivate bool   `help:"Probe addresses of this machine and its network, too."`
	Transcript   bool   `help:"Show what was sent and seen on every stage."`
	JSON         bool   `name:"json" help:"Print the report as JSON."`
	Target       string `arg:"" placeholder:"URL|HOST" help:"Ingest URL, or a host with or without a port; - reads standard input, which keeps the key out of the shell's history."`
}

// Help says what is tried and what the exit codes mean.
func (probeCmd) Help() string {
	return "Tries, from this machine: DNS, TCP, TLS for rtmps, the RTMP handshake, connect and, with --publish, publish without media. " +
		"A host alone is tried on the platform's ports, else on 1935 and 1936 (rtmp), 2935 and 2936 (rtmps). " +
		"Exit status: 0 no finding of level error; 1 some; 2 the call is wrong; 130 interrupted, with the report so far."
}

func (c probeCmd) run(stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Probe(ctx, cli.ProbeOptions{
		Target: c.Target, Key: c.Key, Profile: c.Profile, Publish: c.Publish, Yes: c.Yes, Enhanced: c.Enhanced,
		AllowPrivate: c.AllowPrivate, Transcript: c.Transcript, JSON: c.JSON,
		Stdin: stdin, Stdout: stdout, Stderr: stderr,
	})
}
