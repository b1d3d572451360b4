// Package probe finds out how far an encoder would get with an ingest server:
// DNS, TCP, TLS, RTMP handshake, connect and, only when asked for, publish. Each
// address and port is a ladder of its own, all climbed at once; each rung says
// what was seen and how long it took, and the first one that fails is the
// headline.
//
// What answers is not trusted: every reply is bounded in bytes and time, its
// text is shown with control characters escaped and secrets masked. Where it
// connects to is not trusted either: see Config.
package probe

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"time"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// Config says from where and within which bounds a Prober works. The zero
// value probes public addresses only, on the documented ports.
type Config struct {
	// AllowPrivate lets any address be probed, the machine's own included. It is
	// for the command line, where the person probes with their own rights; a
	// server never sets it.
	AllowPrivate bool
	// Ports are allowed besides 443, 1935, 1936, 2935 and 2936, and besides those
	// that the profile of a recognised host documents. AnyPort allows all of them
	// (command line).
	Ports   []int
	AnyPort bool
	// Own are addresses that reach this server from outside, such as that of the
	// load balancer in front of it; those of its network interfaces are known.
	Own []netip.Addr
	// Allow holds ranges that are let through although they are special, for
	// tests with servers on loopback. No flag, variable or request sets it.
	Allow []netip.Prefix

	// Resolver looks names up; nil is Go's own resolver (libc's takes odd numbers
	// for addresses) with the system's name servers, or with NameServer
	// (address:port) where that is given.
	Resolver   Resolver
	NameServer string
	// SystemNames asks the operating system where Go's resolver finds nothing:
	// names of the local network, of a VPN (command line).
	SystemNames bool
	Limits      Limits
	// Contact is the page that tells a server's operator who we are; it stands in
	// our flashVer. Empty: none.
	Contact string
	// Vantage says from where the probe looks, for a person: "this server, not
	// your network". Empty: a sentence that fits a server.
	Vantage string
	// Roots are the trusted certificate authorities; nil takes the system's.
	Roots *x509.CertPool
	// Admit, when set, is asked before an address is dialled, once a probe and
	// address; an error's text says why not, to the person. Quotas by target
	// address live there.
	Admit func(addr netip.Addr) error
	// Now is the clock that certificates and signed URLs are judged by; nil is time.Now.
	Now func() time.Time
	// Log gets what went wrong inside us (never a key or a reply); nil discards it.
	Log *slog.Logger
}

// Resolver looks up the addresses of a name. net.Resolver is one.
type Resolver interface {
	// LookupNetIP is that of net.Resolver; network is ip4 or ip6.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Limits bound a probe. A zero field takes its default.
type Limits struct {
	DNS       time.Duration // for all look-ups of a name: 5 s
	TCP       time.Duration // 5 s
	TLS       time.Duration // 6 s
	Handshake time.Duration // 6 s
	Connect   time.Duration // 8 s
	Publish   time.Duration // for the answer to publish: 8 s
	// Settle is how long the verdict is waited for after Publish.Start, which is
	// no acceptance yet: 1 s, and not less than 800 ms.
	Settle time.Duration
	All    time.Duration // for the whole probe: 40 s
	// Silence is after how long a port that says nothing to a TLS hello is tried
	// with plain RTMP on a second connection: 2 s.
	Silence time.Duration
	// Refusal is the time that a refused target takes, name or address, so that
	// the time tells nothing about it either: 500 ms, and multiples of it.
	Refusal time.Duration

	Addresses int   // most addresses of a name that are tried: 8, and fewer where each has several ports
	Bytes     int64 // most bytes read from one connection: 1 MiB
}

// Request is what a person wants to know. It holds secrets: never log it.
type Request struct {
	// Target is an ingest URL, or a host with or without a port.
	Target string
	// Key is the stream key where it was typed apart from the URL. It is used by
	// publish alone.
	Key string
	// Publish asks for the publish rung. It can throw a running stream off the
	// air, so it is never on by itself.
	Publish bool
	// Enhanced asks, on a connection of its own after connect succeeded, whether
	// the server names Enhanced RTMP codecs (fourCcList).
	Enhanced bool
	// Profile is a platform's id; empty takes the one that the host tells.
	Profile string
}

// Endpoint is one port and what is spoken on it.
type Endpoint struct {
	Port   int    `json:"port"`
	Scheme string `json:"scheme"` // rtmp or rtmps
}

// Plan is a request understood: what will be probed. Nothing has been looked up
// or connected to yet. Its exported fields hold no secret.
type Plan struct {
	Host      string // lower case, without brackets or a trailing dot; of a name its ASCII form
	Endpoints []Endpoint
	Redacted  string // the target with secrets masked
	Profile   *profile.Profile
	Platform  string // name of the platform that the host belongs to, where one is known
	Publish   bool
	// Lint is what the URL rules found, already told; nil for a bare host.
	Lint []diag.Finding

	// ID is the same for the same probe, keys included, and tells nothing about
	// them: identical recent probes are found by it. (Keyed hash, one key a Prober.)
	ID string

	req  Request
	addr netip.Addr // where the host is an address
	link link
	// refused says that the target is not to be probed, whatever it resolves to.
	refused bool
	mask    secrets
}

// InputError is a request that cannot be probed, with a sentence for the person
// who made it. It never holds a secret.
type InputError struct {
	Field string // target, key, profile
	Text  string // what is wrong and what to do
}

func (e *InputError) Error() string { return e.Text }

// Stages, from the bottom of the ladder to its top.
const (
	DNS       = "dns"
	TCP       = "tcp"
	TLS       = "tls"
	Handshake = "handshake"
	Connect   = "connect"
	Publish   = "publish"
)

// States of a rung and of a ladder.
const (
	Waiting   = "waiting"   // not begun
	Running   = "running"   // begun
	OK        = "ok"        // done, and as it should be
	Failed    = "failed"    // answered, and not as it should be
	TimedOut  = "timeout"   // no answer (or no whole one) within the limit
	Skipped   = "skipped"   // not tried; Detail says why
	Cancelled = "cancelled" // the probe was stopped in it
)

// Rung is one stage at one address and port.
type Rung struct {
	Stage   string  `json:"stage"`
	State   string  `json:"state"`
	StartMS float64 `json:"start_ms"` // since the probe began
	MS      float64 `json:"ms"`       // how long it took; 0 until it has ended
	LimitMS float64 `json:"limit_ms"` // its deadline
	// Detail says in a sentence what came of it.
	Detail string `json:"detail,omitempty"`
	// Seen is the transcript: what was sent and what came, line by line, secrets
	// masked, control characters escaped.
	Seen []Line `json:"seen,omitempty"`
	// Facts are what the stage learned, in order: names and values for a table.
	Facts []Fact `json:"facts,omitempty"`
	// Addresses are what the name resolved to (dns alone).
	Addresses []string `json:"addresses,omitempty"`
	// Chain is the certificate chain as the server sent it, its own first (tls alone).
	Chain []Certificate `json:"chain,omitempty"`
	// Rules are the ids of the findings that the rung raised.
	Rules []string `json:"rules,omitempty"`
}

// Line is one line of a transcript.
type Line struct {
	MS   float64 `json:"ms"`  // since the rung began
	Dir  string  `json:"dir"` // ">" sent, "<" received, "-" a remark
	Text string  `json:"text"`
}

// Fact is one thing learned, for a table. Names are stable: tls_version,
// tls_cipher, server_version,
// rtmp_version, digest, first_bytes, received_bytes, code, level, description,
// fms_ver, capabilities, authentication, redirect, enhanced, window_ack_bytes,
// chunk_bytes, stream_id, answer_ms, a_ms, aaaa_ms.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Certificate is one of a chain, for a person.
type Certificate struct {
	Subject   string   `json:"subject"`
	Issuer    string   `json:"issuer"`
	Names     []string `json:"names,omitempty"` // subject alternative names, at most 20
	NotBefore string   `json:"not_before"`      // RFC 3339, UTC
	NotAfter  string   `json:"not_after"`
	SHA256    string   `json:"sha256"` // fingerprint, hex
}

// Ladder is one address and port.
type Ladder struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	Scheme  string `json:"scheme"` // rtmp or rtmps
	State   string `json:"state"`  // that of its first rung that is not ok; ok when all that were tried are
	Failed  string `json:"failed_stage,omitempty"`
	Rungs   []Rung `json:"rungs"` // from tcp on, all of them from the start; dns is shared
}

// Target is what was probed, without secrets.
type Target struct {
	Host     string `json:"host"`
	Port     int    `json:"port,omitempty"`   // 0 where several are tried
	Scheme   string `json:"scheme,omitempty"` // empty where several are tried
	App      string `json:"app,omitempty"`    // masked where it is a secret
	URL      string `json:"url,omitempty"`    // redacted; empty for a bare host
	Platform string `json:"platform,omitempty"`
	Publish  bool   `json:"publish"`
}

// Result is a probe's report: diag.Report (kind probe) with the members below
// beside its own.
type Result struct {
	diag.Report
	Target  Target   `json:"target"`
	Vantage string   `json:"vantage"`
	Started string   `json:"started"` // RFC 3339, UTC
	TookMS  float64  `json:"took_ms"`
	DNS     *Rung    `json:"dns,omitempty"` // the shared rung; nil for an address and for a refused target
	Ladders []Ladder `json:"ladders"`
}

// Event is one step of a probe, in order, ready for JSON. Applying all events
// of a probe gives its result; each carries the whole rung, so a lost one is
// made up for by the next.
type Event struct {
	Seq  int    `json:"seq"`  // from 1, without gaps
	Type string `json:"type"` // target, ladders, rung, done

	// Ladder is the index in Result.Ladders; -1 for the shared dns rung.
	Ladder int `json:"ladder"`
	// Rung is the rung that began (state running) or ended.
	Rung *Rung `json:"rung,omitempty"`
	// Findings are those that the ended rung raised, told. Their severity may
	// still change: a closed port is an error unless another one answers.
	Findings []diag.Finding `json:"findings,omitempty"`

	Target  *Target  `json:"target,omitempty"`  // of type target
	Ladders []Ladder `json:"ladders,omitempty"` // of type ladders: all of them, once the addresses are known
	Result  *Result  `json:"result,omitempty"`  // of type done: the last event
}
