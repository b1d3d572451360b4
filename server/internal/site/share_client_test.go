package site

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ingestdoctor/server/internal/share"
)

// The description at the top of static/share/diagnosis.js, once more and by another
// hand: what one seals the other opens.

func derived(t *testing.T, secret []byte, purpose string) []byte {
	t.Helper()
	key, err := hkdf.Key(sha256.New, secret, nil, "ingestdoctor/1 "+purpose, 32)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func gcm(t *testing.T, key []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func authenticated(kind byte, id, result share.ID) []byte {
	return append(append([]byte{1, kind}, id[:]...), result[:]...)
}

func TestDiagnosisClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("there is no node: install it (Debian: apt-get install nodejs), or run make test, which does")
	}
	owner := make([]byte, 32)
	rand.Read(owner)
	customer := derived(t, owner, "customer")
	reader := derived(t, customer, "reader")
	own, add, read := share.Token(derived(t, owner, "own token")), share.Token(derived(t, customer, "add token")), share.Token(derived(t, reader, "read token"))
	id := share.Hashes{Read: read.Hash(), Add: add.Hash(), Own: own.Hash()}.ID()
	aead := gcm(t, derived(t, reader, "content key"))
	const note = `{"note": "Grüße, 你好"}`
	padded := make([]byte, 1024)
	binary.BigEndian.PutUint32(padded, uint32(len(note)))
	copy(padded[4:], note)
	var result share.ID
	nonce := make([]byte, 12)
	rand.Read(result[:])
	rand.Read(nonce)
	envelope := aead.Seal(append([]byte{1, 2}, nonce...), nonce, padded, authenticated(2, id, result))

	vectors, err := json.Marshal(map[string]string{
		"owner": share.Token(owner).String(), "customer": share.Token(customer).String(), "reader": share.Token(reader).String(),
		"own": own.String(), "add": add.String(), "read": read.String(),
		"id": id.String(), "result": result.String(), "envelope": share.EnvelopeText(envelope), "text": note,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "vectors.json")
	if err := os.WriteFile(file, vectors, 0o600); err != nil {
		t.Fatal(err)
	}

	s, log, dir := newShareServer(t, quick())
	server := httptest.NewServer(s)
	defer server.Close()
	module, err := filepath.Abs("../../../static/share/diagnosis.js")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "testdata/diagnosis.js", module, server.URL, file)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}

	// and the other way round
	var out struct{ Envelope string }
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	e, ok := share.ParseEnvelope(out.Envelope)
	if !ok || len(e) != 30+1024 || e[0] != 1 || e[1] != 1 {
		t.Fatalf("an envelope of %d bytes", len(e))
	}
	plain, err := aead.Open(nil, e[2:14], e[14:], authenticated(1, id, share.ID{}))
	if err != nil {
		t.Fatal(err)
	}
	if n := binary.BigEndian.Uint32(plain); string(plain[4:4+n]) != note || len(bytes.TrimRight(plain[4+n:], "\x00")) > 0 {
		t.Errorf("opened: %q", plain)
	}

	// nothing of it came to the server
	const marker = "MARKER-of-the-plain"
	if strings.Contains(log.String(), marker) || !strings.Contains(log.String(), "/api/v1/diagnoses/:id") {
		t.Error("the log has the report's text, or nothing at all")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(marker)) || bytes.Contains(b, []byte(server.URL)) || bytes.Contains(b, []byte("azure-live")) {
			t.Errorf("%s has the report's text or an address", f)
		}
	}
}
