package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ingestdoctor/web/e2e/harness"
)

var loc = regexp.MustCompile(`<loc>([^<]+)</loc>`)

// sitemap is every page that a search engine is told of.
func sitemap(t *testing.T) []string {
	t.Helper()
	_, body := get(t, "/sitemap.xml")
	var paths []string
	for _, m := range loc.FindAllStringSubmatch(body, -1) {
		u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, u.RequestURI())
	}
	if len(paths) < 400 {
		t.Fatalf("the sitemap has %d pages", len(paths))
	}
	return paths
}

// Every page is valid HTML, as html-validate judges by the rules of the standard.
func TestValidHTML(t *testing.T) {
	t.Parallel()
	modules, err := harness.Modules(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names := map[string]string{}
	add := func(path, body string) {
		name := fmt.Sprintf("%d.html", len(names))
		names[name] = path
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const bad = "what a validator must find"
	add(bad, `<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><p id="a"><div id="a"></p><ul><p></p></ul><img></body></html>`)
	for _, path := range append(sitemap(t), append(kbPages, staticPages...)...) {
		_, body := get(t, path)
		add(path, body)
	}
	config := filepath.Join(dir, ".htmlvalidate.json")
	if err := os.WriteFile(config, []byte(`{"root": true, "extends": ["html-validate:standard"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	// two at a time: it is most of a second's work for every thirty pages
	var parts [2][]string
	for name := range names {
		i := len(parts[0]) - len(parts[1]) // 0 or 1
		parts[i] = append(parts[i], name)
	}
	type result struct {
		FilePath string
		Messages []struct {
			RuleID, Message string
			Line, Column    int
		}
	}
	judged := make(chan []result, len(parts))
	for _, part := range parts {
		go func() {
			cmd := exec.Command("node", append([]string{filepath.Join(modules, "html-validate", "bin", "html-validate.mjs"), "--formatter=json"}, part...)...)
			cmd.Dir = dir
			out, err := cmd.Output() // 1 where something was found
			var list []result
			if json.Unmarshal(out, &list) != nil {
				t.Errorf("html-validate: %v\n%s", err, out)
			}
			judged <- list
		}()
	}
	found := 0
	for range parts {
		for _, r := range <-judged {
			path := names[filepath.Base(r.FilePath)]
			if path == bad {
				found += len(r.Messages)
				continue
			}
			for i, m := range r.Messages {
				if i < 5 {
					t.Errorf("%s:%d:%d: %s: %s", path, m.Line, m.Column, m.RuleID, m.Message)
				}
			}
		}
	}
	if found < 3 {
		t.Errorf("the validator finds %d faults in a page that has more", found)
	}
	t.Logf("%d pages", len(names)-1)
}
