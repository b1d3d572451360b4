package listen

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Without a certificate a TLS client is told so at once, in its own protocol;
// with one, versions and names that do not fit are told apart.
func TestTLSRefusals(t *testing.T) {
	none, s := open(t, Config{})
	if none.TLS() != NoTLS {
		t.Errorf("TLS is %q", none.TLS())
	}
	start := time.Now()
	err := tls.Client(dial(t, none), blind).Handshake()
	if err == nil || !strings.Contains(err.Error(), "handshake failure") {
		t.Errorf("without a certificate: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
	s.await(t, TLSFailed, 1)
	says(t, dial(t, none), "\x03", "plain \x03")

	l, s := open(t, Config{DevTLS: true, Hosts: []string{"ingest.example.com", "192.0.2.7"}})
	if l.TLS() != SelfSigned {
		t.Errorf("TLS is %q", l.TLS())
	}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		err = tls.Client(dial(t, l), &tls.Config{InsecureSkipVerify: true, MinVersion: v, MaxVersion: v}).Handshake() //nolint:gosec // to be refused
		if err == nil || !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("%s: %v", tls.VersionName(v), err)
		}
	}
	s.await(t, TLSFailed, 2)
	roots := x509.NewCertPool()
	roots.AddCert(l.certs.current.Leaf)
	for name, ok := range map[string]bool{"ingest.example.com": true, "192.0.2.7": true, "localhost": true, "127.0.0.1": true, "::1": true, "other.example.com": false} {
		c := tls.Client(dial(t, l), &tls.Config{RootCAs: roots, ServerName: name})
		if err := c.Handshake(); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	// the browser's refusal of the certificate comes as an alert
	s.await(t, TLSFailed, 3)
	if err := tls.Client(dial(t, l), &tls.Config{ServerName: "localhost"}).Handshake(); err == nil {
		t.Error("a self-signed certificate is trusted")
	}
	s.await(t, TLSFailed, 4)
	if s.last.Err == nil || !strings.Contains(s.last.Err.Error(), "certificate") {
		t.Errorf("what the client said: %v", s.last.Err)
	}
	// an encoder that names a protocol of its own is not turned away for it
	odd := tls.Client(dial(t, l), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"rtmp"}}) //nolint:gosec // self-signed
	says(t, odd, "\x03", "TLS 1.3 \x03")
	// nor one without a name
	bare := tls.Client(dial(t, l), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}) //nolint:gosec // self-signed
	says(t, bare, "\x03", "TLS 1.2 \x03")
}

// writePair writes a certificate for a name and its key.
func writePair(t *testing.T, cert, key, name string) {
	t.Helper()
	pair, err := selfSigned([]string{name}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// New files are taken without a restart; bad ones are not, and the log says so
// once.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, certFile, keyFile, "one.example.com")
	var log lockedLog
	l, _ := open(t, Config{CertFile: certFile, KeyFile: keyFile, Hosts: []string{"one.example.com"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if l.TLS() != FromFiles || strings.Contains(log.String(), "WARN") {
		t.Errorf("TLS is %q; %s", l.TLS(), log.String())
	}
	l.certs.every = 0
	served := func() string {
		t.Helper()
		c := tls.Client(dial(t, l), blind)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		names := c.ConnectionState().PeerCertificates[0].DNSNames
		return names[len(names)-1]
	}
	if got := served(); got != "one.example.com" {
		t.Errorf("served %s", got)
	}
	running := tls.Client(dial(t, l), blind)
	says(t, running, "\x03", "TLS 1.3 \x03")

	// half of the pair, then the other half
	other, otherKey := filepath.Join(dir, "c2"), filepath.Join(dir, "k2")
	writePair(t, other, otherKey, "two.example.com")
	b, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certFile, b)
	for range 3 {
		if got := served(); got != "one.example.com" {
			t.Errorf("half a pair: served %s", got)
		}
	}
	if n := strings.Count(log.String(), "the one before stays in use"); n != 1 {
		t.Errorf("said %d times: %s", n, log.String())
	}
	if b, err = os.ReadFile(otherKey); err != nil {
		t.Fatal(err)
	}
	write(t, keyFile, b)
	if got := served(); got != "two.example.com" {
		t.Errorf("after the change: served %s", got)
	}
	if !strings.Contains(log.String(), "not for the name that they use") {
		t.Errorf("no warning of the name: %s", log.String())
	}
	says(t, running, "on", "on")

	write(t, certFile, []byte("nonsense"))
	if got := served(); got != "two.example.com" {
		t.Errorf("a broken file: served %s", got)
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	if got := served(); got != "two.example.com" {
		t.Errorf("no file: served %s", got)
	}
	writePair(t, certFile, keyFile, "three.example.com")
	if got := served(); got != "three.example.com" {
		t.Errorf("mended: served %s", got)
	}
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("a key is in the log")
	}
}

func TestExpiredCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, certFile, keyFile, "one.example.com")
	var log lockedLog
	s, err := newCertificates(Config{CertFile: certFile, KeyFile: keyFile, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for when, want := range map[time.Duration]string{-2 * time.Hour: "not valid yet", 0: "", 365 * 24 * time.Hour: "has expired"} {
		log.Reset()
		s.now = func() time.Time { return time.Now().Add(when) }
		s.judge(s.current)
		if got := log.String(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%v: %q", when, got)
		}
	}
}

// The alert of a refusal arrives although the client has sent more than was read.
func TestRefuseTLSIsHeard(t *testing.T) {
	l, _ := open(t, Config{})
	hello := recordHello(t)
	for range 20 {
		c := dial(t, l)
		if _, err := c.Write(append(bytes.Clone(hello), make([]byte, 300)...)); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); !bytes.Equal(got, []byte{21, 3, 1, 0, 2, 2, 40}) {
			t.Fatalf("heard %x (%v)", got, err)
		}
	}
	half := dial(t, l)
	if _, err := half.Write(hello[:3]); err != nil {
		t.Fatal(err)
	}
	_ = half.(*net.TCPConn).CloseWrite()
	if got := gone(t, half); got != "" {
		t.Errorf("half a hello is answered with %x", got)
	}
}

type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}
