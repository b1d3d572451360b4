// Package site is the portal's web server: routes, headers, errors, logs and
// metrics. It is the only package that brings the pages of web/* together.
package site

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"ingestdoctor/server/internal/probe"
	"ingestdoctor/server/internal/share"
)

// Config are the server's settings. Each is a flag and an environment variable
// of `ingestdoctor serve`; the zero value of a limit means its default.
type Config struct {
	Listen         string   // address of the portal, ":8080"
	MetricsListen  string   // address for /metrics alone; empty: on the portal's own
	AllowedHosts   []string // Host headers that are answered, beside this machine's own; "*" for any
	PublicURL      string   // scheme and host that people see; https turns HSTS on
	TrustedProxies []string // addresses and prefixes whose X-Forwarded-For is believed
	EmbedOrigins   []string // sites whose pages may show /embed/* in a frame; "*" for any
	Version        string   // of the program

	NoProbes     bool     // the server probes nothing
	ProbePorts   []int    // probed beside the documented ones
	OwnAddresses []string // that reach this server from outside, beside those of its interfaces: never probed
	// Probe is what only a program that tests this package sets, such as ranges that
	// may be probed although they are this machine's own. No flag or variable reaches it.
	Probe probe.Config
	// ProbeFreely leaves the quotas of probes out, for tests too.
	ProbeFreely bool

	// Diagnoses is where shared diagnoses are kept; nil: nowhere, and their pages say
	// so. It stays open when the server ends.
	Diagnoses share.Store

	// Live takes test streams (the page /live); nil: this server takes none. Who
	// gave it closes it, before or after the server ends.
	Live   Inspector
	Ingest Ingest // where encoders reach Live
	// Encoders are the ports for them; with these Live and Ingest are theirs, unless
	// they are set. The server closes them when it ends. nil: none.
	Encoders *Encoders
	// LiveMetrics is what Live counts, for /metrics; nil: nothing.
	LiveMetrics *LiveMetrics

	MaxBody           int64 // bytes of a request's body
	ReadHeaderTimeout time.Duration
	ReadTimeout       time.Duration
	WriteTimeout      time.Duration
	IdleTimeout       time.Duration
	ShutdownTimeout   time.Duration // how long running requests may take to finish

	Logger *slog.Logger

	proxies []netip.Prefix // TrustedProxies, read
	own     []netip.Addr   // OwnAddresses, read

	// for tests of this package
	prober prober
	limits probeLimits

	shareLimits shareLimits // for tests of this package
	liveLimits  liveLimits  // for tests of this package
}

// The defaults.
const (
	DefaultMaxBody           = 1 << 20
	DefaultReadHeaderTimeout = 10 * time.Second
	DefaultReadTimeout       = 30 * time.Second
	DefaultWriteTimeout      = 5 * time.Minute // the programs are 2 MB, and some lines are slow
	DefaultIdleTimeout       = 2 * time.Minute
	DefaultShutdownTimeout   = 15 * time.Second
)

// complete fills in the defaults and checks what was given.
func (c Config) complete() (_ Config, err error) {
	if c.Listen == "" {
		c.Listen = ":8080"
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxBody <= 0 {
		c.MaxBody = DefaultMaxBody
	}
	for d, def := range map[*time.Duration]time.Duration{
		&c.ReadHeaderTimeout: DefaultReadHeaderTimeout,
		&c.ReadTimeout:       DefaultReadTimeout,
		&c.WriteTimeout:      DefaultWriteTimeout,
		&c.IdleTimeout:       DefaultIdleTimeout,
		&c.ShutdownTimeout:   DefaultShutdownTimeout,
	} {
		if *d <= 0 {
			*d = def
		}
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		switch {
		case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
			return c, errors.New("public URL must be like https://doctor.example.com")
		case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
			return c, errors.New("public URL must be a scheme and a host alone: the portal does not run below a path")
		}
		c.PublicURL = u.Scheme + "://" + u.Host
	}
	for _, host := range c.AllowedHosts {
		if strings.ContainsAny(host, "/ ") {
			return c, fmt.Errorf("allowed host %q must be a host name alone, like doctor.example.com", host)
		}
	}
	for _, port := range c.ProbePorts {
		if port < 1 || port > 65535 {
			return c, fmt.Errorf("probe port %d must be 1 to 65535", port)
		}
	}
	for _, text := range c.OwnAddresses {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return c, fmt.Errorf("own address %q must be an IP address", text)
		}
		c.own = append(c.own, a.Unmap())
	}
	c.proxies, err = parseProxies(c.TrustedProxies)
	return c, err
}

// https reports whether people reach the portal over TLS.
func (c Config) https() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// hosts is the set of Host names that are answered, without ports; nil for any.
func (c Config) hosts() map[string]bool {
	set := map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" {
		set[strings.ToLower(host)] = true
	}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Host != "" {
		set[strings.ToLower(u.Hostname())] = true
	}
	for _, host := range c.AllowedHosts {
		switch host = strings.TrimSpace(host); host {
		case "":
		case "*":
			return nil
		default:
			set[hostName(host)] = true
		}
	}
	return set
}

// hostName takes the port and the brackets off a Host header.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
