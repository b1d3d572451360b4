// Package static holds what the browser loads: styles, scripts, icons, vendored
// libraries and the WebAssembly programs. Every asset has an address with
// the hash of its content in it, so that a browser may keep it for ever, and is
// served as it was compressed when the program was built.
//
// Sources are embedded as they stand; static/build leaves compressed copies and
// the built assets (app.wasm, validator.wasm, linter.wasm,
// explainer.wasm, wasm_exec.js) in dist, which is
// embedded too. A copy whose hash is not its source's is not used: an edited
// style sheet is never served stale.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"ingestdoctor/static/manifest"
)

//go:embed css js img vendor embed share embed.js icons.svg dist
var files embed.FS

// Prefix is where Handler is mounted.
const Prefix = "/assets/"

// Names of the built assets.
const (
	AppWasm       = manifest.AppWasm
	ValidatorWasm = manifest.ValidatorWasm
	LinterWasm    = manifest.LinterWasm
	ExplainerWasm = manifest.ExplainerWasm
	WasmExec      = manifest.WasmExec
)

// Asset is one file that the browser may load.
type Asset struct {
	Name string // path below static/, or the bare name of a built asset
	URL  string // address with the content's hash
	Hash string
	Type string // Content-Type
	Size int64  // uncompressed bytes

	source func() ([]byte, error) // the content
	br, gz []byte                 // compressed copies, nil where there are none
}

// Content returns the uncompressed bytes. They must not be changed.
func (a *Asset) Content() ([]byte, error) { return a.source() }

// CompressedSize is how many bytes travel with brotli, or 0 where there is no
// such copy.
func (a *Asset) CompressedSize() int64 { return int64(len(a.br)) }

// Set is a collection of assets. The zero value is empty; Load makes one.
type Set struct {
	byName  map[string]*Asset
	byURL   map[string]*Asset
	version string
}

var load = sync.OnceValue(func() *Set {
	s, err := Load(files)
	if err != nil {
		panic(err) // embedded when built: only a broken build can do this
	}
	return s
})

// Assets returns the embedded assets.
func Assets() *Set { return load() }

// Load reads a Set from a file system laid out as this folder is.
func Load(fsys fs.FS) (*Set, error) {
	listed := map[string]manifest.Entry{}
	raw, err := fs.ReadFile(fsys, "dist/manifest.json")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(raw, &listed); err != nil {
			return nil, fmt.Errorf("static: dist/manifest.json: %w", err)
		}
	}

	s := &Set{byName: map[string]*Asset{}, byURL: map[string]*Asset{}}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == "dist":
			return fs.SkipDir
		case d.IsDir() || !manifest.Served(name):
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		a := &Asset{Name: name, Hash: manifest.Hash(content), Size: int64(len(content))}
		a.source = func() ([]byte, error) { return content, nil }
		if listed[name].Hash == a.Hash {
			a.br, a.gz = compressed(fsys, name)
		}
		s.add(a)
		return nil
	})
	if err != nil {
		return nil, err
	}

	for _, name := range manifest.Built {
		e, ok := listed[name]
		if !ok {
			continue
		}
		a := &Asset{Name: name, Hash: e.Hash, Size: e.Size}
		a.br, a.gz = compressed(fsys, name)
		if a.br == nil || a.gz == nil {
			return nil, fmt.Errorf("static: dist/%s is listed and not there: run make build", name)
		}
		// Hardly a browser asks for the plain form, so it is not embedded.
		a.source = sync.OnceValues(func() ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(a.gz))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		})
		s.add(a)
	}

	names := make([]string, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		io.WriteString(sum, name+"\x00"+s.byName[name].Hash+"\n")
	}
	s.version = hex.EncodeToString(sum.Sum(nil)[:8])
	return s, nil
}

func compressed(fsys fs.FS, name string) (br, gz []byte) {
	br, _ = fs.ReadFile(fsys, "dist/"+name+".br")
	gz, _ = fs.ReadFile(fsys, "dist/"+name+".gz")
	return br, gz
}

func (s *Set) add(a *Asset) {
	ext := path.Ext(a.Name)
	a.Type = contentType(ext)
	a.URL = Prefix + strings.TrimSuffix(a.Name, ext) + "." + a.Hash + ext
	s.byName[a.Name] = a
	s.byURL[a.URL] = a
}

// contentType does not ask the system's own table, which differs by machine.
func contentType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".json", ".map":
		return "application/json"
	case ".flv":
		return "video/x-flv"
	}
	return "application/octet-stream"
}

// Get returns the asset of that name, or nil.
func (s *Set) Get(name string) *Asset { return s.byName[name] }

// URL returns the asset's address, or "" when there is none of that name.
func (s *Set) URL(name string) string {
	if a := s.byName[name]; a != nil {
		return a.URL
	}
	return ""
}

// Names lists the assets, sorted.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Missing lists the built assets that are not there, as in a fresh clone.
func (s *Set) Missing() []string {
	var missing []string
	for _, name := range manifest.Built {
		if s.byName[name] == nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// Version is the hash of all assets together; it changes when any of them does.
func (s *Set) Version() string { return s.version }
