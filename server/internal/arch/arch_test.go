// Package arch holds the rules of who may import whom, as tests. In the manner
// of pkgsite's internal/tests/deps.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "ingestdoctor/"

// may is the table of DESIGN.md, section 1: which of our packages a package may
// import itself. A package that is not here fails the test: give it a place.
var may = map[string][]string{
	"wasm/diag":    {},
	"wasm/rules":   {"wasm/diag"},
	"wasm/flv":     {"wasm/diag", "wasm/rules"},
	"wasm/profile": {"wasm/diag", "wasm/rules"},
	"wasm/ingest":  {"wasm/diag", "wasm/rules", "wasm/profile"},
	"wasm/explain": {"wasm/diag", "wasm/rules", "wasm/profile", "wasm/ingest"},
	"wasm/check":   {"wasm/diag", "wasm/rules", "wasm/flv", "wasm/profile"},
	"wasm/analyze": {"wasm/diag", "wasm/rules", "wasm/flv", "wasm/profile", "wasm/ingest", "wasm/explain", "wasm/check"},
	"wasm/worker":  {"wasm/diag", "wasm/rules", "wasm/profile"},
	"wasm/validator": {
		"wasm/diag", "wasm/rules", "wasm/flv", "wasm/profile", "wasm/ingest", "wasm/explain", "wasm/check", "wasm/analyze", "wasm/worker",
	},
	"wasm/linter":    {"wasm/diag", "wasm/rules", "wasm/profile", "wasm/ingest", "wasm/worker"},
	"wasm/explainer": {"wasm/profile", "wasm/explain", "wasm/worker"},
	"wasm/app":       {"web/ui"},

	"content":  {"wasm/diag", "wasm/rules"},
	"web/ui":   {"wasm/diag", "wasm/rules"},
	"web/page": {"wasm/diag", "wasm/rules", "wasm/profile", "content"},

	"static":          {"static/manifest"},
	"static/manifest": {},
	"static/build":    {"static/manifest"},

	// redacts what was typed in a complaint
	"server":              {"server/internal/cli", "server/internal/listen", "server/internal/live", "server/internal/share", "server/internal/site", "wasm/ingest"},
	"server/internal/cli": append([]string{"content", "server/internal/probe"}, core...),
	// the only one that brings the pages and its siblings together
	"server/internal/site": append([]string{
		"content", "static", "static/manifest", "web/page", "web/ui",
		"server/internal/kb", "server/internal/listen", "server/internal/live", "server/internal/probe", "server/internal/share",
	}, core...),
	"server/internal/kb":     append([]string{"content"}, core...),
	"server/internal/probe":  append([]string{"content", "server/internal/rtmp"}, core...),
	"server/internal/share":  append([]string{"content"}, core...),
	"server/internal/rtmp":   {"wasm/flv"},
	"server/internal/live":   append([]string{"server/internal/rtmp"}, core...),
	"server/internal/listen": {},
	"server/internal/arch":   {},
	// the portal for browser tests, whose probes may reach this machine; not part of the program
	"server/internal/loopback": {"server/internal/listen", "server/internal/live", "server/internal/probe", "server/internal/site"},
	// pushes many streams to the program itself, as another process
	"server/internal/soak": {"server/internal/rtmp", "wasm/flv"},
	// writes a table for wasm/explain
	"server/internal/messages": {"content"},

	// makers of fixtures, and tests of the whole: nothing imports them but tests
	"wasm/flv/flvtest": {"wasm/flv", "wasm/diag"},
	"web/e2e":          {"web/e2e/flvgen", "web/e2e/harness", "web/e2e/pgtest"},
	"web/e2e/bench":    {"web/e2e/flvgen", "web/e2e/harness"},
	"web/e2e/flvgen":   {},
	"web/e2e/harness":  {},
	"web/e2e/pgtest":   {},
}

// core is the validation core: what the browser's worker is made of.
var core = []string{
	"wasm/diag", "wasm/rules", "wasm/flv", "wasm/profile", "wasm/ingest", "wasm/explain", "wasm/check", "wasm/analyze",
}

// forbidden may not be imported by a package of the core itself: they are large
// in the browser, or reach out of it.
var forbidden = []string{
	"net/http", "crypto/tls", "os", "os/exec", "regexp", "text/template", "html/template", "log/slog", "encoding/json",
	"github.com/maxence-charriere/go-app/v10/...", "github.com/a-h/templ/...", "github.com/labstack/echo/...",
}

// programs are the browser's, and what they may not hold at any depth.
var programs = []struct {
	name   string
	not    []string
	reason string
}{
	{
		"wasm/app",
		// go-app's own package names net/http, of which the linker keeps little
		[]string{
			"wasm/flv", "wasm/check", "wasm/analyze", "wasm/ingest", "wasm/explain", "wasm/validator", "content", "static",
			"web/page", "server/...", "github.com/labstack/echo/...", "github.com/a-h/templ/...", "html/template",
		},
		"app.wasm draws pages; the core is the worker's",
	},
	{
		"wasm/validator",
		[]string{
			"web/ui", "web/page", "content", "static", "server/...", "wasm/app",
			"github.com/maxence-charriere/go-app/v10/...", "github.com/a-h/templ/...", "net/http", "crypto/tls", "os/exec",
			"encoding/json", "regexp", "text/template", "html/template", "log/slog",
		},
		"validator.wasm must stay small and cannot reach out",
	},
	{
		"wasm/linter",
		[]string{
			"wasm/flv", "wasm/check", "wasm/analyze", "wasm/explain", "wasm/validator", "web/ui", "web/page", "content", "static",
			"server/...", "wasm/app", "github.com/maxence-charriere/go-app/v10/...", "github.com/a-h/templ/...", "net/http",
			"crypto/tls", "os/exec", "encoding/json", "regexp", "text/template", "html/template", "log/slog", "fmt", "time",
		},
		"linter.wasm stands in other people's pages and cannot reach out",
	},
	{
		"wasm/explainer",
		[]string{
			"wasm/flv", "wasm/check", "wasm/analyze", "wasm/validator", "wasm/linter", "web/ui", "web/page", "content", "static",
			"server/...", "wasm/app", "github.com/maxence-charriere/go-app/v10/...", "github.com/a-h/templ/...", "net/http",
			"crypto/tls", "os/exec", "encoding/json", "regexp", "text/template", "html/template", "log/slog", "fmt", "time",
		},
		"explainer.wasm must stay small and cannot reach out",
	},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Error      *struct{ Err string }
}

// list asks the go tool for packages.
func list(t *testing.T, env []string, patterns ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Imports,Deps,Error"}, patterns...)...)
	cmd.Dir = "../../.."
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

var browser = []string{"GOOS=js", "GOARCH=wasm"}

// match reports whether an import path is what a pattern names: a path of ours
// without the module, another's, or everything below one.
func match(pattern, path string) bool {
	path = strings.TrimPrefix(path, module)
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == below || strings.HasPrefix(path, below+"/")
	}
	return path == pattern
}

func TestWhoImportsWhom(t *testing.T) {
	seen := map[string]bool{}
	check := func(p pkg) {
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			return
		}
		seen[name] = true
		allowed, known := may[name]
		if !known {
			t.Errorf("%s has no place in the table of imports (server/internal/arch): give it one", name)
			return
		}
		for _, imp := range p.Imports {
			if dep, ours := strings.CutPrefix(imp, module); ours && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s; it may import %v", name, dep, allowed)
			}
		}
	}
	for _, p := range list(t, nil, "./...") {
		check(p)
	}
	for _, p := range list(t, browser, "./wasm/...", "./web/ui") {
		check(p)
	}
	for _, name := range []string{"wasm/diag", "wasm/rules", "wasm/flv", "wasm/profile", "wasm/check", "wasm/analyze", "wasm/app", "wasm/validator", "wasm/linter", "wasm/explainer", "web/ui", "web/page", "server/internal/site", "server"} {
		if !seen[name] {
			t.Errorf("go list does not show %s: does this test look at anything?", name)
		}
	}
}

// Only site imports web/*, and nobody imports a test's helpers.
func TestWhoIsImported(t *testing.T) {
	for _, p := range list(t, nil, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			switch {
			case match("web/page", imp) && name != "server/internal/site",
				match("web/ui", imp) && name != "server/internal/site" && name != "wasm/app":
				t.Errorf("%s imports %s: only server/internal/site may", name, imp)
			case (match("web/e2e/...", imp) || match("wasm/flv/flvtest", imp)) && !strings.HasPrefix(name, "web/e2e"):
				t.Errorf("%s imports %s, which is for tests", name, imp)
			}
		}
	}
}

func TestCoreImportsNothingHeavy(t *testing.T) {
	for _, env := range [][]string{nil, browser} {
		for _, p := range list(t, env, "./wasm/...") {
			if !slices.Contains(core, strings.TrimPrefix(p.ImportPath, module)) {
				continue
			}
			for _, imp := range p.Imports {
				for _, f := range forbidden {
					if match(f, imp) {
						t.Errorf("%s imports %s", p.ImportPath, imp)
					}
				}
			}
		}
	}
}

func TestBrowserPrograms(t *testing.T) {
	for _, program := range programs {
		found := list(t, browser, "./"+program.name)
		if len(found) != 1 || found[0].Error != nil || len(found[0].Deps) < 10 {
			t.Fatalf("%s: go list shows %d packages (%v)", program.name, len(found), found)
		}
		for _, dep := range found[0].Deps {
			for _, not := range program.not {
				if match(not, dep) {
					t.Errorf("%s links %s: %s", program.name, dep, program.reason)
				}
			}
		}
	}
}

// The table itself can fail: a test that cannot is none.
func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"wasm/flv", "ingestdoctor/wasm/flv", true},
		{"wasm/flv", "ingestdoctor/wasm/flv/flvtest", false},
		{"server/...", "ingestdoctor/server/internal/site", true},
		{"net/http", "net/http", true},
		{"net/http", "net/http/httptest", false},
		{"github.com/a-h/templ/...", "github.com/a-h/templ/runtime", true},
		{"github.com/a-h/templ/...", "github.com/a-h/templx", false},
	} {
		if got := match(tt.pattern, tt.path); got != tt.want {
			t.Errorf("match(%q, %q) = %v", tt.pattern, tt.path, got)
		}
	}
}
