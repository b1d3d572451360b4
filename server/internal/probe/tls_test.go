package probe

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/rtmp"
)

// Each fault of a certificate is named, alone, and the rungs above are climbed.
func TestCertificates(t *testing.T) {
	t.Parallel()
	root := newCA(t, nil, "Test Root")
	between := newCA(t, root, "Test Intermediate")
	stranger := newCA(t, nil, "Somebody Else")
	ended := newCA(t, root, "Old Intermediate", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-48 * time.Hour) })
	expire := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().AddDate(0, -3, 0), time.Now().AddDate(0, 0, -2)
	}
	rename := func(c *x509.Certificate) {
		c.DNSNames, c.IPAddresses = []string{"live.example.com", "www.example.com"}, nil
	}
	version := func(v uint16) func(*tls.Config) {
		return func(c *tls.Config) { c.MinVersion, c.MaxVersion = v, v }
	}
	good := issue(t, root, nil)
	tests := []struct {
		name    string
		config  *tls.Config
		host    string // localhost unless given
		change  func(*tls.Config)
		reasons []string // of each finding, in order; none: verified
		args    map[string]string
	}{
		{name: "good", config: good.config()},
		{name: "good, by address", config: good.config(), host: "127.0.0.1"},
		{name: "good, with its intermediate", config: issue(t, between, nil).config(between)},
		{name: "good, root sent too", config: issue(t, between, nil).config(between, root)},
		{name: "TLS 1.2", config: good.config(), change: version(tls.VersionTLS12)},
		{name: "self-signed", config: issue(t, nil, nil).config(), reasons: []string{"self-signed"}, args: map[string]string{"certificate_name": "localhost, 127.0.0.1"}},
		{name: "expired", config: issue(t, root, expire).config(), reasons: []string{"the certificate has expired"}, args: map[string]string{"expires_at": time.Now().AddDate(0, 0, -2).UTC().Format("2006-01-02")}},
		{name: "expired and self-signed", config: issue(t, nil, expire).config(), reasons: []string{"has expired", "self-signed"}},
		{name: "not yet valid", config: issue(t, root, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().AddDate(0, 0, 2), time.Now().AddDate(0, 3, 0)
		}).config(), reasons: []string{"is not valid before"}},
		{name: "wrong name", config: issue(t, root, rename).config(), reasons: []string{"for another name"}, args: map[string]string{"certificate_name": "live.example.com, www.example.com"}},
		{name: "wrong name, asked by address", config: issue(t, root, rename).config(), host: "127.0.0.1", reasons: []string{"for another name"}},
		{name: "wrong name and expired", config: issue(t, root, func(c *x509.Certificate) { rename(c); expire(c) }).config(), reasons: []string{"has expired", "for another name"}},
		{name: "unknown issuer", config: issue(t, stranger, nil).config(stranger), reasons: []string{"unknown issuer (Somebody Else)"}},
		{name: "unknown issuer, not sent", config: issue(t, stranger, nil).config(), reasons: []string{"unknown issuer (Somebody Else), or the intermediate certificate is missing"}},
		{name: "missing intermediate", config: issue(t, between, func(c *x509.Certificate) {
			c.IssuingCertificateURL = []string{"http://ca.example.com/between.crt"}
		}).config(), reasons: []string{"incomplete, the intermediate certificate of Test Intermediate is missing"}},
		{name: "expired intermediate", config: issue(t, ended, nil).config(ended), reasons: []string{"an intermediate certificate in its chain has expired (Old Intermediate)"}},
		{name: "not for servers", config: issue(t, root, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}).config(), reasons: []string{"not meant for servers"}},
		{name: "TLS 1.1", config: good.config(), change: version(tls.VersionTLS11), reasons: []string{"TLS 1.1, which is too old"}, args: map[string]string{"tls_version": "TLS 1.1"}},
		{name: "TLS 1.0", config: good.config(), change: version(tls.VersionTLS10), reasons: []string{"TLS 1.0, which is too old"}, args: map[string]string{"tls_version": "TLS 1.0"}},
		{name: "a name that steers terminals", config: issue(t, stranger, func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "\x1b[31mred", Organization: []string{"<b>"}}
		}).config(), reasons: []string{"unknown issuer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.change != nil {
				tt.change(tt.config)
			}
			addr := serve(t, overTLS(tt.config, func(c net.Conn) {
				if _, ok := connected(c); ok {
					hold(c)
				}
			}))
			_, port, _ := net.SplitHostPort(addr)
			host := tt.host
			if host == "" {
				host = "localhost"
			}
			// localhost is a name that a server never asks for; the command line does.
			p := New(Config{AllowPrivate: true, AnyPort: true, Limits: patient(), Roots: root.pool(), Resolver: fixed{"127.0.0.1"}})
			r := probeIt(t, p, Request{Target: "rtmps://" + host + ":" + port + "/live"})
			g := rungOf(t, r, TLS)
			var reasons []string
			for i := range r.Findings {
				f := &r.Findings[i]
				if f.Rule != "probe-tls" || f.Rung.Stage != TLS || f.Severity.String() != "error" {
					t.Errorf("found %s at %s, %v: %s", f.Rule, f.Rung.Stage, f.Severity, f.Message)
				}
				reasons = append(reasons, argOf(f, "reason"))
			}
			if len(reasons) != len(tt.reasons) {
				t.Fatalf("reasons %q, want %q", reasons, tt.reasons)
			}
			for i, want := range tt.reasons {
				if !strings.Contains(reasons[i], want) {
					t.Errorf("reason %q, want %q", reasons[i], want)
				}
			}
			for name, want := range tt.args {
				if got := argOf(&r.Findings[0], name); !strings.Contains(got, want) {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			state := OK
			if len(tt.reasons) > 0 {
				state = Failed
			}
			if g.State != state {
				t.Errorf("tls is %s: %s", g.State, g.Detail)
			}
			if len(g.Chain) == 0 || g.Chain[0].NotAfter == "" || len(g.Chain[0].SHA256) != 64 || factOf(g, "tls_version") == "" {
				t.Errorf("the chain is not shown: %+v %+v", g.Chain, g.Facts)
			}
			if c := rungOf(t, r, Connect); c.State != OK {
				t.Errorf("connect is %s above a certificate: %s", c.State, c.Detail)
			}
		})
	}
}

// A certificate that does not hold keeps the key here.
func TestNoKeyForAStranger(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 10)
	addr := serve(t, overTLS(issue(t, nil, nil).config(), func(c net.Conn) {
		p, ok := connected(c)
		for ok {
			var cmd *rtmp.Command
			if cmd, ok = p.command(); ok {
				seen <- cmd.Name
			}
		}
	}))
	r := probeIt(t, testProber(t, withLimits(patient())), Request{Target: "rtmps://" + addr + "/live/key", Publish: true})
	if g := rungOf(t, r, Publish); g.State != Skipped || !strings.Contains(g.Detail, "key was not sent") {
		t.Errorf("publish is %s: %s", g.State, g.Detail)
	}
	select {
	case name := <-seen:
		t.Errorf("%s was sent to a server that nobody vouches for", name)
	default:
	}
}

// A server that wants a certificate of ours says so only after the handshake.
func TestClientCertificateWanted(t *testing.T) {
	t.Parallel()
	root := newCA(t, nil, "Test Root")
	cfg := issue(t, root, nil).config()
	cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, root.pool()
	addr := serve(t, overTLS(cfg, func(net.Conn) {}))
	p := testProber(t, withLimits(patient()), func(c *Config) { c.Roots = root.pool() })
	r := probeIt(t, p, Request{Target: "rtmps://" + addr + "/live"})
	f := findingOf(r, "probe-tls")
	if f == nil || !strings.Contains(argOf(f, "reason"), "wants a certificate of the encoder's") {
		t.Errorf("found %q", messages(r))
	}
}

// rtmp to a port that speaks TLS, however the server takes it.
func TestPlainToTLS(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*net.TCPConn){"closes": func(*net.TCPConn) {}, "resets": reset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := issue(t, nil, nil).config()
			addr := serve(t, func(n int, c *net.TCPConn) {
				var b [1]byte
				if _, _ = c.Read(b[:]); b[0] == 3 {
					end(c)
					return
				}
				overTLS(cfg, func(c net.Conn) { hold(c) })(n, c)
			})
			r := probeIt(t, testProber(t), Request{Target: "rtmp://" + addr + "/live"})
			// The first byte of the second connection is eaten here, so take a true server too.
			if f := findingOf(r, "probe-handshake"); f == nil {
				t.Errorf("found %q", messages(r))
			}
			addr = serve(t, overTLS(cfg, func(c net.Conn) { hold(c) }))
			r = probeIt(t, testProber(t), Request{Target: "rtmp://" + addr + "/live"})
			f := findingOf(r, "probe-not-rtmp")
			if f == nil || argOf(f, "found") != "TLS" || len(r.Findings) != 1 {
				t.Errorf("found %q", messages(r))
			}
			if g := rungOf(t, r, Handshake); !strings.Contains(g.Detail, "use rtmps") || !slices.Contains(g.Rules, "probe-not-rtmp") {
				t.Errorf("handshake: %s", g.Detail)
			}
		})
	}
}
