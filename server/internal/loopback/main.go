// Command loopback serves the portal for the browser tests: its probes may reach
// servers on this machine, which the released program refuses whatever its
// settings are. It is no part of what ships.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"ingestdoctor/server/internal/listen"
	"ingestdoctor/server/internal/live"
	"ingestdoctor/server/internal/probe"
	"ingestdoctor/server/internal/site"
)

func main() {
	os.Exit(run())
}

func run() int {
	// called as the program itself is: serve --listen ADDR --data DIR
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "serve" {
		args = args[1:]
	}
	flags := flag.NewFlagSet("loopback", flag.ExitOnError)
	address := flags.String("listen", "127.0.0.1:0", "address")
	flags.String("data", "", "not used")
	quota := flags.Bool("quota", false, "keep the quotas of probes")
	limit := flags.Duration("stage", 0, "limit of each stage of a probe; 0 for the usual ones")
	ingest := flags.String("ingest-listen", "", "addresses for encoders, separated by commas; port 0 takes a free one, /api/v1/live tells which")
	host := flags.String("ingest-host", "", "name under which encoders reach them")
	cert, key := flags.String("ingest-cert", "", "certificate"), flags.String("ingest-key", "", "its key")
	devTLS := flags.Bool("dev-tls", false, "self-signed certificate")
	wait := flags.Duration("outbound-wait", 0, "how long a browser waits for a port; 0 for the usual time")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	metrics := site.NewLiveMetrics()
	encoding := site.EncoderConfig{
		CertFile: *cert, KeyFile: *key, DevTLS: *devTLS, Host: *host, Wait: *wait, Logger: log,
	}
	if *ingest != "" {
		encoding.Listen = strings.Split(*ingest, ",")
		encoding.Hub = live.New(live.Config{Metrics: metrics, Log: log, Sessions: 200, PerClient: 200})
		// one address makes all of a test's connections
		encoding.Limits = listen.Limits{All: 4000, Client: 2000}
	}
	encoders, err := site.OpenEncoders(encoding)
	if err != nil {
		log.Error(err.Error())
		return 2
	}
	defer encoders.Close()
	l := probe.Limits{DNS: *limit, TCP: *limit, TLS: *limit, Handshake: *limit, Connect: *limit, Publish: *limit, Silence: *limit / 2}
	if *limit > 0 {
		l.Settle, l.All = 800*time.Millisecond, 20*time.Second
	}
	s, err := site.New(site.Config{
		Encoders: encoders, LiveMetrics: metrics,
		Listen: *address, Version: "test", Logger: log, ProbeFreely: !*quota,
		Probe: probe.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, AnyPort: true, Limits: l},
	})
	if err != nil {
		log.Error(err.Error())
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.Run(ctx, nil); err != nil && !errors.Is(err, context.Canceled) {
		log.Error(err.Error())
		return 1
	}
	return 0
}
