package static

import (
	"net/http"
	"path"
	"strconv"
	"strings"
)

// WorkerPolicy is the Content-Security-Policy of the worker that reads a
// recording: it may load scripts of ours and run WebAssembly, and it may not
// connect to anything. A worker has the policy of its own response, so this is
// what makes "0 bytes uploaded" true.
const WorkerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'"

// IsWorker tells the scripts that run as workers from the others.
func IsWorker(name string) bool {
	return strings.HasPrefix(path.Base(name), "worker") && path.Ext(name) == ".js"
}

// ServeHTTP serves the assets by their hashed addresses. An address that is
// not exactly one of them is 404: a page of an older build must not get a newer
// asset.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	a := s.byURL[r.URL.Path]
	if a == nil {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "no such asset", http.StatusNotFound)
		return
	}
	s.serve(w, r, a, "public, max-age=31536000, immutable")
}

// ServeAs serves an asset under an address without its hash, for the few that
// others expect at a fixed place; the browser asks again each time.
func (s *Set) ServeAs(w http.ResponseWriter, r *http.Request, name string) {
	a := s.byName[name]
	if a == nil {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not built: run make build", http.StatusNotFound)
		return
	}
	s.serve(w, r, a, "no-cache")
}

// ServeFrozen serves an asset under an address that names its version: what is
// there never changes, so a browser may keep it.
func (s *Set) ServeFrozen(w http.ResponseWriter, r *http.Request, name string) {
	a := s.byName[name]
	if a == nil {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such version", http.StatusNotFound)
		return
	}
	s.serve(w, r, a, "public, max-age=31536000, immutable")
}

func (s *Set) serve(w http.ResponseWriter, r *http.Request, a *Asset, cache string) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}

	h.Set("Content-Type", a.Type)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", cache)
	if IsWorker(a.Name) {
		h.Set("Content-Security-Policy", WorkerPolicy)
		// so that a page which asks for it of all that it holds can start it
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	}
	body, tag := []byte(nil), a.Hash
	if a.br != nil || a.gz != nil {
		h.Add("Vary", "Accept-Encoding")
		switch encoding := Negotiate(r.Header.Get("Accept-Encoding"), a.br != nil, a.gz != nil); encoding {
		case "br":
			body, tag = a.br, tag+"-br"
			h.Set("Content-Encoding", encoding)
		case "gzip":
			body, tag = a.gz, tag+"-gz"
			h.Set("Content-Encoding", encoding)
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if body == nil {
		var err error
		if body, err = a.Content(); err != nil {
			h.Set("Cache-Control", "no-store")
			h.Del("ETag")
			http.Error(w, "this asset is broken: run make build", http.StatusInternalServerError)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		w.Write(body)
	}
}

// Negotiate picks the best encoding that the client takes (RFC 9110, 12.5.3):
// the highest weight wins, brotli before gzip at the same weight, and "" is the
// plain form.
func Negotiate(accept string, br, gz bool) string {
	weights := map[string]float64{}
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		weight := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
				if q, err := strconv.ParseFloat(v, 64); err == nil && q >= 0 && q <= 1 {
					weight = q
				} else {
					weight = 0
				}
			}
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			weights[name] = weight
		}
	}
	weight := func(name string) float64 {
		if q, ok := weights[name]; ok {
			return q
		}
		return weights["*"]
	}
	best, q := "", 0.0
	if br && weight("br") > q {
		best, q = "br", weight("br")
	}
	if gz && weight("gzip") > q {
		best, q = "gzip", weight("gzip")
	}
	if identity, ok := weights["identity"]; ok && identity > q {
		return ""
	}
	return best
}

// matches reports whether an If-None-Match header names the tag.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == `"`+tag+`"` {
			return true
		}
	}
	return false
}
