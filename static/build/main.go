// Command build prepares the assets for embedding: brotli and gzip copies of
// everything that compresses, and a manifest of their hashes, in static/dist.
// What has not changed since the last run is left alone, for brotli at its best
// takes seconds on a WebAssembly program.
//
// Usage: go run ./static/build [-brotli LEVEL] NAME=FILE ...
//
// Each argument adds a built asset: app.wasm=.build/app.wasm.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"ingestdoctor/static/manifest"
)

func main() {
	level := flag.Int("brotli", brotli.BestCompression, "level of brotli, 0 to 11")
	flag.Parse()
	if err := run("static", *level, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "static/build:", err)
		os.Exit(1)
	}
}

// run brings root/dist up to date with the sources under root and the built
// assets given as NAME=FILE.
func run(root string, level int, built []string) error {
	sources := map[string]string{} // name -> file
	for _, arg := range built {
		name, file, ok := strings.Cut(arg, "=")
		if !ok || !slices.Contains(manifest.Built, name) {
			return fmt.Errorf("%q is not NAME=FILE with a NAME of %v", arg, manifest.Built)
		}
		sources[name] = file
	}
	for _, dir := range []string{"css", "js", "img", "vendor", "embed", "share", "embed.js", "icons.svg"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			if name = filepath.ToSlash(name); manifest.Served(name) {
				sources[name] = file
			}
			return nil
		})
		if err != nil {
			return err
		}
	}

	dist := filepath.Join(root, "dist")
	manifestFile := filepath.Join(dist, "manifest.json")
	old := map[string]manifest.Entry{}
	oldRaw, err := os.ReadFile(manifestFile)
	if err == nil {
		_ = json.Unmarshal(oldRaw, &old) // a broken one is as good as none
	}

	var (
		mu       sync.Mutex
		wg       sync.WaitGroup
		firstErr error
		entries  = map[string]manifest.Entry{}
		slots    = make(chan struct{}, runtime.NumCPU())
	)
	for name, file := range sources {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			entry, err := prepare(dist, name, file, level, old[name])
			mu.Lock()
			defer mu.Unlock()
			if err != nil && firstErr == nil {
				firstErr = err
			}
			entries[name] = entry
		})
	}
	wg.Wait()
	if firstErr != nil {
		return firstErr
	}

	if err := prune(dist, entries); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	if raw = append(raw, '\n'); bytes.Equal(raw, oldRaw) {
		return nil // unchanged, so that the Go build cache stays warm
	}
	return write(manifestFile, raw)
}

// compresses reports whether a copy is worth having; PNG and ICO are packed already.
func compresses(name string) bool {
	switch path.Ext(name) {
	case ".png", ".ico":
		return false
	}
	return true
}

// prepare writes the compressed copies of one asset unless old says that they
// are there.
func prepare(dist, name, file string, level int, old manifest.Entry) (manifest.Entry, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return manifest.Entry{}, err
	}
	entry := manifest.Entry{Hash: manifest.Hash(content), Size: int64(len(content))}
	target := filepath.Join(dist, filepath.FromSlash(name))
	if !compresses(name) {
		return entry, nil
	}
	entry.Brotli = level
	if entry == old && exists(target+".br") && exists(target+".gz") {
		return entry, nil
	}
	start := time.Now()
	br, err := pack(content, func(w io.Writer) io.WriteCloser {
		// A 16 MB window: the programs are larger than brotli's default of 4 MB.
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: level, LGWin: 24})
	})
	if err != nil {
		return entry, err
	}
	gz, err := pack(content, func(w io.Writer) io.WriteCloser {
		zw, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // fails for an unknown level only
		return zw
	})
	if err != nil {
		return entry, err
	}
	if err := write(target+".br", br); err != nil {
		return entry, err
	}
	if err := write(target+".gz", gz); err != nil {
		return entry, err
	}
	if took := time.Since(start); took > time.Second {
		fmt.Printf("%s: %d bytes, %d with brotli, %d with gzip (%.1f s)\n", name, len(content), len(br), len(gz), took.Seconds())
	}
	return entry, nil
}

func pack(content []byte, writer func(io.Writer) io.WriteCloser) ([]byte, error) {
	var b bytes.Buffer
	w := writer(&b)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// prune removes copies of assets that are gone: they would be embedded.
func prune(dist string, entries map[string]manifest.Entry) error {
	return filepath.WalkDir(dist, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dist, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if name == "README.md" || name == "manifest.json" {
			return nil
		}
		asset := strings.TrimSuffix(strings.TrimSuffix(name, ".br"), ".gz")
		if _, ok := entries[asset]; ok && asset != name {
			return nil
		}
		return os.Remove(file)
	})
}

// write replaces a file as a whole, so that an interrupted run leaves no half of one.
func write(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp := file + ".tmp"
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

func exists(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}
