package listen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// ErrNoCertificate is what TLS fails with where there is no certificate.
var ErrNoCertificate = errors.New("this server has no certificate")

// certificates is the certificate in use. That of files is read anew when they
// change, without a restart.
type certificates struct {
	config        *tls.Config
	certFile, key string // empty: it was made here
	log           *slog.Logger
	hosts         []string
	every         time.Duration // between looks at the files
	now           func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]fileStamp // of what was read last, good or bad
	looked  time.Time
}

type fileStamp struct {
	size int64
	mod  time.Time
}

// newCertificates is nil without a certificate.
func newCertificates(cfg Config) (*certificates, error) {
	s := &certificates{
		certFile: cfg.CertFile, key: cfg.KeyFile, log: cfg.Log, hosts: cfg.Hosts, every: time.Second, now: time.Now,
	}
	switch {
	case cfg.DevTLS && (cfg.CertFile != "" || cfg.KeyFile != ""):
		return nil, errors.New("give a certificate in files or have one made for trying out, not both")
	case (cfg.CertFile == "") != (cfg.KeyFile == ""):
		return nil, errors.New("a certificate needs its key and a key its certificate: two files")
	case cfg.DevTLS:
		cert, err := selfSigned(cfg.Hosts, time.Now())
		if err != nil {
			return nil, fmt.Errorf("no certificate could be made: %w", err)
		}
		s.current = cert
	case cfg.CertFile == "":
		return nil, nil
	default:
		s.stamp = s.stamps()
		cert, err := s.read()
		if err != nil {
			return nil, fmt.Errorf("the certificate cannot be used: %w", err)
		}
		s.current, s.looked = cert, s.now()
		s.judge(cert)
	}
	get := func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.get(), nil }
	// TLS 1.0 and 1.1 are refused: no platform takes them (RFC 8996).
	s.config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
	forBrowsers := s.config.Clone()
	forBrowsers.NextProtos = []string{"http/1.1"}
	// A browser names the HTTP versions that it speaks and must not get HTTP/2; an
	// encoder that names something else is not turned away for it.
	s.config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, "http/1.1") {
			return forBrowsers, nil
		}
		return nil, nil
	}
	return s, nil
}

// get is the certificate in use; files that have changed are read first.
func (s *certificates) get() *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.certFile == "" || s.now().Sub(s.looked) < s.every {
		return s.current
	}
	s.looked = s.now()
	stamp := s.stamps()
	if stamp == s.stamp {
		return s.current
	}
	s.stamp = stamp
	cert, err := s.read()
	if err != nil {
		// One of the two may be written before the other: the next change is looked at again.
		s.log.Warn("the new certificate cannot be used, the one before stays in use", "reason", err.Error())
		return s.current
	}
	s.current = cert
	s.log.Info("a new certificate is in use", "until", cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
	s.judge(cert)
	return s.current
}

func (s *certificates) stamps() (both [2]fileStamp) {
	for i, name := range []string{s.certFile, s.key} {
		if info, err := os.Stat(name); err == nil {
			both[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return both
}

// read reads the two files; they must belong together.
func (s *certificates) read() (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(s.certFile, s.key)
	if err != nil {
		return nil, err
	}
	if cert.Leaf == nil {
		if cert.Leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return nil, err
		}
	}
	return &cert, nil
}

// judge warns of what encoders and browsers will not take.
func (s *certificates) judge(cert *tls.Certificate) {
	leaf, now := cert.Leaf, s.now()
	switch {
	case now.After(leaf.NotAfter):
		s.log.Warn("the certificate for encoders has expired: they refuse it", "on", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		s.log.Warn("the certificate for encoders is not valid yet: they refuse it", "from", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	for _, host := range s.hosts {
		if leaf.VerifyHostname(host) != nil {
			s.log.Warn("the certificate for encoders is not for the name that they use: they refuse it", "name", host)
		}
	}
}

// selfSigned makes a certificate for these names and this machine.
func selfSigned(hosts []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Ingest Doctor, for trying out"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(0, 3, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		if ip := net.ParseIP(host); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else if host != "" {
			t.DNSNames = append(t.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// refuseTLS takes the client's hello and answers with an alert, so that it says
// at once that no encryption is to be had here, and closes.
func refuseTLS(c net.Conn) {
	defer c.Close()
	var head [5]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return
	}
	length := int64(head[3])<<8 | int64(head[4])
	if _, err := io.CopyN(io.Discard, c, min(length, 1<<14)); err != nil {
		return
	}
	// RFC 8446, 6.2: fatal, handshake_failure
	if _, err := c.Write([]byte{21, 3, 1, 0, 2, 2, 40}); err != nil {
		return
	}
	// What is unread when a connection is closed makes a reset of it, and the alert
	// would be lost.
	if tcp, ok := baseOf(c).Conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
		_ = tcp.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.CopyN(io.Discard, c, 1<<14)
	}
}
