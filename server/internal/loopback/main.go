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
	"syscall"
	"time"

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
	listen := flags.String("listen", "127.0.0.1:0", "address")
	flags.String("data", "", "not used")
	quota := flags.Bool("quota", false, "keep the quotas of probes")
	limit := flags.Duration("stage", 0, "limit of each stage of a probe; 0 for the usual ones")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	l := probe.Limits{DNS: *limit, TCP: *limit, TLS: *limit, Handshake: *limit, Connect: *limit, Publish: *limit, Silence: *limit / 2}
	if *limit > 0 {
		l.Settle, l.All = 800*time.Millisecond, 20*time.Second
	}
	s, err := site.New(site.Config{
		Listen: *listen, Version: "test", Logger: log, ProbeFreely: !*quota,
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
