package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/share"
)

// Where shared diagnoses are kept, and what the log says of it.
func TestStorage(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name        string
		data        string
		env         map[string]string
		folder, log string // "" for no folder
		fails       bool
	}{
		{"a folder that was named", filepath.Join(base, "named"), nil, "named", "kept in SQLite", false},
		{"one that cannot be used", filepath.Join(file, "x"), nil, "", "", true},
		{"systemd's", "", map[string]string{"STATE_DIRECTORY": filepath.Join(base, "systemd")}, "systemd", "kept in SQLite", false},
		{"XDG's", "", map[string]string{"XDG_STATE_HOME": filepath.Join(base, "xdg")}, "xdg/ingestdoctor", "kept in SQLite", false},
		{"the home's", "", map[string]string{"HOME": filepath.Join(base, "home")}, "home/.local/state/ingestdoctor", "kept in SQLite", false},
		{"no home", "", map[string]string{"HOME": ""}, "", "kept in memory", false},
		{"a home that cannot be written", "", map[string]string{"HOME": filepath.Join(file, "home")}, "", "name a folder with --data", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"} {
				t.Setenv(name, tt.env[name])
			}
			var log bytes.Buffer
			s, err := storage(t.Context(), "", tt.data, slog.New(slog.NewTextHandler(&log, nil)))
			if tt.fails {
				if err == nil {
					t.Error("it was opened")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Mark(t.Context(), time.Now()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("the log: %s", log.String())
			}
			if tt.folder != "" {
				if _, err := os.Stat(filepath.Join(base, tt.folder, share.SQLiteFile)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A copy on the command line, while the store is open.
func TestBackupCommand(t *testing.T) {
	dir := t.TempDir()
	s, err := share.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	path := filepath.Join(dir, "copy.db")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"backup", "--data", dir, path}, strings.NewReader(""), &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), path) {
		t.Errorf("%d %s %s", code, stdout.String(), stderr.String())
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Error(err)
	}
	if code := run([]string{"backup", "--data", dir, path}, strings.NewReader(""), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "file exists") {
		t.Errorf("over another: %d %s", code, stderr.String())
	}
}
