// Package manifest is what static and the program that prepares its files have
// in common.
package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
)

// The built assets, which a fresh clone does not have.
const (
	AppWasm       = "app.wasm"
	ValidatorWasm = "validator.wasm"
	LinterWasm    = "linter.wasm"
	ExplainerWasm = "explainer.wasm"
	WasmExec      = "wasm_exec.js"
)

// Built lists them.
var Built = []string{AppWasm, ValidatorWasm, LinterWasm, ExplainerWasm, WasmExec}

// Entry is one line of dist/manifest.json.
type Entry struct {
	Hash string `json:"hash"` // of the content, as Hash gives it
	Size int64  `json:"size"` // uncompressed bytes
	// Brotli is the level of the copy, 0 for none. Below 11 it is a quick build
	// of somebody at work, and is packed anew for the real one.
	Brotli int `json:"brotli,omitempty"`
}

// Hash is the part of a SHA-256 sum that stands in an address.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// Served reports whether a file of the source folders is an asset: notes and
// licences are not.
func Served(name string) bool {
	switch path.Ext(name) {
	case "", ".md", ".txt", ".go":
		return false
	}
	return true
}
