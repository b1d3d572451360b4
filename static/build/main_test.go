package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingestdoctor/static"
	"ingestdoctor/static/manifest"
)

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A tree of assets, run through the program, is what package static loads; a
// second run touches nothing, and what is gone goes away.
func TestRun(t *testing.T) {
	root := t.TempDir()
	put(t, root+"/css/site.css", strings.Repeat("a { color: red }\n", 50))
	put(t, root+"/js/site.js", "let x")
	put(t, root+"/img/icon.png", "png")
	put(t, root+"/vendor/u/u.js", "let u")
	put(t, root+"/vendor/u/LICENSE.txt", "free")
	put(t, root+"/embed/frame.js", "let f")
	put(t, root+"/share/page.js", "let s")
	put(t, root+"/embed.js", "let e")
	put(t, root+"/icons.svg", "<svg/>")
	var args []string
	for _, name := range manifest.Built {
		put(t, root+"/built/"+name, strings.Repeat("built "+name, 30))
		args = append(args, name+"="+root+"/built/"+name)
	}
	if err := run(root, 11, args); err != nil {
		t.Fatal(err)
	}

	set, err := static.Load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if missing := set.Missing(); len(missing) > 0 {
		t.Errorf("missing after the run: %v", missing)
	}
	for _, name := range []string{"css/site.css", "vendor/u/u.js", "app.wasm"} {
		a := set.Get(name)
		if a == nil || a.CompressedSize() == 0 {
			t.Errorf("%s has no compressed copy", name)
			continue
		}
		want, _ := os.ReadFile(root + "/" + name)
		if want == nil {
			want, _ = os.ReadFile(root + "/built/" + name)
		}
		if got, err := a.Content(); err != nil || string(got) != string(want) {
			t.Errorf("%s: content %.30q (%v)", name, got, err)
		}
	}
	if set.Get("img/icon.png").CompressedSize() != 0 {
		t.Error("a PNG was compressed again")
	}

	stamp := func(name string) int64 {
		info, err := os.Stat(root + "/dist/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime().UnixNano()
	}
	css, list := stamp("css/site.css.br"), stamp("manifest.json")
	put(t, root+"/js/site.js", "let y")
	if err := os.Remove(root + "/vendor/u/u.js"); err != nil {
		t.Fatal(err)
	}
	if err := run(root, 11, args); err != nil {
		t.Fatal(err)
	}
	if stamp("css/site.css.br") != css {
		t.Error("an unchanged file was compressed again")
	}
	if stamp("manifest.json") == list {
		t.Error("a changed file did not change the manifest")
	}
	if _, err := os.Stat(root + "/dist/vendor/u/u.js.br"); err == nil {
		t.Error("the copy of a removed file is still there")
	}
	var entries map[string]manifest.Entry
	raw, _ := os.ReadFile(root + "/dist/manifest.json")
	if err := json.Unmarshal(raw, &entries); err != nil || entries["js/site.js"].Hash != manifest.Hash([]byte("let y")) {
		t.Errorf("manifest after the change: %v %v", entries["js/site.js"], err)
	}

	list = stamp("manifest.json")
	if err := run(root, 11, args); err != nil {
		t.Fatal(err)
	}
	if stamp("manifest.json") != list {
		t.Error("nothing changed, and the manifest was written again")
	}

	// a quick build does not pass for the real one
	quick := stamp("css/site.css.br")
	if err := run(root, 1, args); err != nil || stamp("css/site.css.br") == quick {
		t.Errorf("a build at another level keeps the copies (%v)", err)
	}

	if err := run(root, 11, []string{"nonsense"}); err == nil {
		t.Error("a wrong argument is taken")
	}
	if err := run(root, 11, []string{"app.wasm=" + root + "/nothing"}); err == nil {
		t.Error("a missing file is taken")
	}
}
