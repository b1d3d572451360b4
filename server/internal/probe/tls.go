package probe

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// fault is one thing wrong with a server's TLS; names as probe-tls has them.
type fault struct {
	reason  string
	name    string // what the certificate is for
	expires string
	version string
}

// systemRoots reads the system's authorities once.
var systemRoots = sync.OnceValue(func() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return x509.NewCertPool()
	}
	return pool
})

// tlsConfig takes any version and certificate: what is wrong with them is said
// afterwards, and the ladder goes on.
func tlsConfig(host string) *tls.Config {
	var suites []uint16
	for _, s := range tls.CipherSuites() {
		suites = append(suites, s.ID)
	}
	for _, s := range tls.InsecureCipherSuites() {
		suites = append(suites, s.ID)
	}
	return &tls.Config{
		ServerName: host, MinVersion: tls.VersionTLS10, CipherSuites: suites,
		InsecureSkipVerify: true, // judged in full by judge
	}
}

// judge verifies a connection as an encoder would that checks certificates, and
// tells the reasons apart. (RFC 5280, 6; RFC 9525; RFC 8996 for old versions)
func judge(state *tls.ConnectionState, host string, roots *x509.CertPool, now time.Time) (faults []fault) {
	if state.Version < tls.VersionTLS12 {
		v := tls.VersionName(state.Version)
		faults = append(faults, fault{reason: "the server's newest version is " + v + ", which is too old", version: v})
	}
	if len(state.PeerCertificates) == 0 {
		return append(faults, fault{reason: "the server sent no certificate"})
	}
	leaf := state.PeerCertificates[0]
	names := certNames(leaf)
	until := stamp(leaf.NotAfter)

	// The chain is judged at a time at which it is valid: an expired certificate
	// is not of an unknown issuer as well.
	at := now
	switch {
	case now.After(leaf.NotAfter):
		faults = append(faults, fault{reason: "the certificate has expired", expires: until})
		at = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		faults = append(faults, fault{reason: "the certificate is not valid before " + stamp(leaf.NotBefore), expires: until})
		at = leaf.NotBefore
	}
	if leaf.VerifyHostname(hostForCert(host)) != nil {
		faults = append(faults, fault{reason: "the certificate is for another name", name: names, expires: until})
	}
	if f, bad := judgeChain(state.PeerCertificates, roots, at); bad {
		f.name = names
		if f.expires == "" {
			f.expires = until
		}
		faults = append(faults, f)
	}
	return faults
}

func judgeChain(chain []*x509.Certificate, roots *x509.CertPool, at time.Time) (fault, bool) {
	leaf := chain[0]
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err == nil {
		return fault{}, false
	}
	var (
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	last := top(chain)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return fault{reason: "the certificate is not meant for servers"}, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		// The server's own is valid at that time, so it is one above it.
		return fault{
			reason:  "an intermediate certificate in its chain has expired (" + visible(invalid.Cert.Subject.CommonName) + ")",
			expires: stamp(invalid.Cert.NotAfter),
		}, true
	case !errors.As(err, &unknown):
		return fault{reason: "the certificate does not verify, " + visible(strings.TrimPrefix(err.Error(), "x509: "))}, true
	case selfSigned(leaf):
		return fault{reason: "the certificate is self-signed, so nobody vouches for it"}, true
	case selfSigned(last):
		return fault{reason: "the certificate comes from an unknown issuer (" + issuerName(last) + ")"}, true
	case len(last.IssuingCertificateURL) > 0:
		// Public authorities say where their certificate can be had; private ones
		// hardly ever do.
		return fault{reason: "the chain is incomplete, the intermediate certificate of " + issuerName(last) + " is missing"}, true
	}
	return fault{reason: "the certificate comes from an unknown issuer (" + issuerName(last) +
		"), or the intermediate certificate is missing"}, true
}

// top follows the chain from the server's certificate as far as what was sent goes.
func top(chain []*x509.Certificate) *x509.Certificate {
	c := chain[0]
	for range chain {
		next := c
		for _, up := range chain[1:] {
			if up != c && string(up.RawSubject) == string(c.RawIssuer) {
				next = up
				break
			}
		}
		if next == c || selfSigned(c) {
			break
		}
		c = next
	}
	return c
}

func selfSigned(c *x509.Certificate) bool { return string(c.RawIssuer) == string(c.RawSubject) }

func issuerName(c *x509.Certificate) string {
	for _, n := range append([]string{c.Issuer.CommonName}, c.Issuer.Organization...) {
		if n != "" {
			return visible(n)
		}
	}
	return "no name"
}

// hostForCert is how VerifyHostname wants an address.
func hostForCert(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		return "[" + a.WithZone("").String() + "]"
	}
	return host
}

// certNames are the names that a certificate is for, a few of them.
func certNames(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 && c.Subject.CommonName != "" {
		names = []string{c.Subject.CommonName}
	}
	const few = 3
	more := ""
	if len(names) > few {
		names, more = names[:few], " and others"
	}
	return visible(strings.Join(names, ", ")) + more
}

func describe(chain []*x509.Certificate) (out []Certificate) {
	for _, c := range chain[:min(len(chain), 10)] {
		sum := sha256.Sum256(c.Raw)
		d := Certificate{
			Subject: visible(c.Subject.String()), Issuer: visible(c.Issuer.String()),
			NotBefore: c.NotBefore.UTC().Format(time.RFC3339), NotAfter: c.NotAfter.UTC().Format(time.RFC3339),
			SHA256: hex.EncodeToString(sum[:]),
		}
		for _, n := range c.DNSNames {
			d.Names = append(d.Names, visible(n))
		}
		for _, ip := range c.IPAddresses {
			d.Names = append(d.Names, ip.String())
		}
		d.Names = d.Names[:min(len(d.Names), 20)]
		out = append(out, d)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// alert gives the words of an alert that the server sent, if err is one.
func alert(err error) (text string, ok bool) {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return strings.TrimPrefix(op.Err.Error(), "tls: "), true
	}
	return "", false
}

// alertReason says what an alert means.
func alertReason(text string) (reason string, f fault) {
	switch {
	case strings.Contains(text, "protocol version"):
		reason = "the server takes none of the versions TLS 1.0 to 1.3"
	case strings.Contains(text, "unrecognized name"):
		reason = "the server does not know this name"
	case strings.Contains(text, "certificate required"), strings.Contains(text, "bad certificate"):
		reason = "the server wants a certificate of the encoder's"
	case strings.Contains(text, "handshake failure"):
		reason = "the two sides have no cipher in common, or the server does not know this name"
	default:
		reason = "the server ends it"
	}
	reason += " (alert: " + visible(text) + ")"
	return reason, fault{reason: reason}
}

// handshakeTLS shakes hands on c within its deadline.
func handshakeTLS(ctx context.Context, c net.Conn, host string) (*tls.Conn, error) {
	t := tls.Client(c, tlsConfig(host))
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t, nil
}
