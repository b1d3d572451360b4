package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingestdoctor/wasm/flv/flvtest"
)

// The whole command line: what it takes, prints and answers to the shell.
func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	good, late := filepath.Join(dir, "good.flv"), filepath.Join(dir, "late.flv")
	if err := os.WriteFile(good, flvtest.Healthy(10, 30, 2).Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(late, flvtest.Healthy(30, 30, 20).Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.Addr().String()
	tests := []struct {
		args       string
		code       int
		out, wrong string // held by standard output and error; empty: nothing there
	}{
		{"flv " + good, 0, "Nothing in this recording", ""},
		{"flv " + late, 1, "keyframe-interval", ""},
		{"flv --profile facebook " + late, 1, "Facebook would refuse this", ""},
		{"flv --profile=nothing " + good, 2, "", "there is no profile nothing"},
		{"flv", 2, "", "ingestdoctor --help"},
		{"flv a b", 2, "", "ingestdoctor --help"},
		{"flv --nothing " + good, 2, "", "ingestdoctor --help"},
		{"flv " + dir, 2, "", "is a folder"},
		{"nothing", 2, "", "ingestdoctor --help"},
		{"", 2, "", "ingestdoctor --help"},
		{"--help", 0, "Commands:", ""},
		{"flv --help", 0, "Exit status:", ""},
		{"serve --help", 0, "$INGESTDOCTOR_LISTEN", ""},
		{"profiles", 0, "azure-live-encoding", ""},
		{"rules", 0, "keyframe-interval", ""},
		{"codes", 0, "MPE_BAD_URL_SYNTAX", ""},
		{"codes key frame interval", 0, "gopSizeLong", ""},
		{"codes --platform srs", 0, "1028", ""},
		{"codes --platform nobody", 2, "", "there is no platform nobody"},
		{"codes zzzzzz", 2, "", "nothing is found"},
		{"code 18/501", 0, "The push URL has expired", ""},
		{"code mpe-bad-url-syntax", 0, "CHECK THAT IT WORKED", ""},
		{"code tencent-css/18/501", 0, "The push URL has expired", ""},
		{"code --platform tencent-css 18-501", 0, "The push URL has expired", ""},
		{"code --platform obs-studio -- -3", 0, "stream key", ""},
		{"code NetStream.Publish.BadName", 2, "", "several platforms use"},
		{"code MPE_BAD_URL", 2, "", "MPE_BAD_URL_SYNTAX"},
		{"code zzzzzz", 2, "", "there is no code zzzzzz"},
		{"version", 0, "ingestdoctor ", ""},
		{"serve --public-url nonsense", 2, "", "public URL must be like"},
		{"serve --allowed-hosts http://x/", 2, "", "must be a host name alone"},
		{"serve --log-format xml", 2, "", "ingestdoctor --help"},
		{"serve --data " + good + "/below", 2, "", "the data folder cannot be used"},
		{"serve --database-url postgres://doctor:hunter2@127.0.0.1:1/db?connect_timeout=2", 2, "", "the database cannot be used"},
		{"serve --database-url mysql://doctor:hunter2@127.0.0.1/db", 2, "", "must be like postgres://"},
		{"serve --data " + dir + "/serve --ingest-listen " + busy, 2, "", "the port is in use by another program"},
		{"serve --data " + dir + "/serve --ingest-listen 127.0.0.1:0," + busy, 2, "", "the port is in use by another program"},
		{"serve --data " + dir + "/serve --ingest-listen 1935", 2, "", "an address is like :1935"},
		{"serve --data " + dir + "/serve --ingest-listen 127.0.0.1:0 --ingest-cert " + good + " --ingest-key " + good, 2, "", "the certificate cannot be used"},
		{"serve --data " + dir + "/serve --dev-tls", 2, "", "add --ingest-listen"},
		{"backup --data " + dir + " " + dir + "/copy.db", 2, "", "diagnoses.db cannot be read"},
		{"backup --help", 0, "To restore:", ""},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(strings.Fields(tt.args), strings.NewReader(""), &stdout, &stderr)
			if code != tt.code {
				t.Errorf("exit status %d, want %d", code, tt.code)
			}
			if strings.Contains(stderr.String(), "hunter2") {
				t.Errorf("the password is told: %s", stderr.String())
			}
			for _, o := range []struct {
				name, got, want string
			}{{"output", stdout.String(), tt.out}, {"error", stderr.String(), tt.wrong}} {
				if o.want == "" && o.got != "" || !strings.Contains(o.got, o.want) {
					t.Errorf("standard %s: %q, want %q", o.name, o.got, o.want)
				}
			}
		})
	}
}

func TestJSONOutput(t *testing.T) {
	for args, key := range map[string]string{"rules --json": "rules", "profiles --json": "profiles"} {
		var stdout, stderr bytes.Buffer
		if code := run(strings.Fields(args), nil, &stdout, &stderr); code != 0 {
			t.Errorf("%s: exit status %d", args, code)
		}
		var v map[string]json.RawMessage
		if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
			t.Errorf("%s: %v", args, err)
		}
		var list []map[string]any
		if err := json.Unmarshal(v[key], &list); err != nil || len(list) < 10 || list[0]["id"] == "" {
			t.Errorf("%s: %d in %q, %v", args, len(list), key, err)
		}
	}
}

// Every flag of serve has its environment variable.
func TestEnvironment(t *testing.T) {
	var stdout, stderr bytes.Buffer
	run([]string{"serve", "--help"}, nil, &stdout, &stderr)
	flags := 0
	text := strings.Join(strings.Fields(stdout.String()), " ")
	for part := range strings.SplitSeq(text, " --") {
		name, _, _ := strings.Cut(part, "=")
		name = strings.Trim(name, " ,")
		if name == "" || strings.Contains(name, " ") {
			continue // the text before the first flag
		}
		flags++
		if want := "$INGESTDOCTOR_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")); !strings.Contains(part, want) {
			t.Errorf("--%s has no %s: %s", name, want, part)
		}
	}
	if flags < 12 {
		t.Errorf("%d flags seen in %s", flags, text)
	}
	t.Setenv("INGESTDOCTOR_PROFILE", "nothing")
	stderr.Reset()
	if code := run([]string{"flv", "x"}, nil, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "there is no profile nothing") {
		t.Errorf("INGESTDOCTOR_PROFILE is not heard: %d, %s", code, stderr.String())
	}
}
