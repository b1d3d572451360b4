// Package content holds the knowledge base: one Markdown file a code, encoder,
// platform or guide, embedded in the program, loaded and checked at start. What
// is wrong in a file is an error with the file, the line and the reason, and
// the program refuses to start. README.md is the schema for writers.
package content

import (
	"cmp"
	"embed"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

//go:embed all:codes all:encoders all:platforms all:guides
var files embed.FS

// Library is the whole knowledge base, loaded and checked. It is read only and
// safe for many readers at once.
type Library struct {
	// Codes are all code pages: by platform in the order of [Platforms], then in
	// natural order (2/0 before 18/100).
	Codes []*Code

	articles   map[Kind][]*Article
	byPlatform map[string][]*Code
	exact      map[string]*Code   // platform + "/" + code, slug or alias, in lower case
	folded     map[string][]*Code // the same with case, _ and - forgiven
	anywhere   map[string][]*Code // folded code, slug or alias, whatever the platform
	byRule     map[string][]*Code
}

// Error is one thing wrong in one file.
type Error struct {
	File   string // from the repository's top: content/codes/...
	Line   int    // from 1
	Reason string
}

func (e *Error) Error() string {
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Reason
}

// Load reads and checks everything that is embedded. The error joins one
// [*Error] for each thing that is wrong, in the order of the files.
func Load() (*Library, error) { return load(files) }

// load is Load for any file system with the four folders in it.
func load(fsys fs.FS) (*Library, error) {
	names, err := list(fsys)
	if err != nil {
		return nil, err
	}
	drafts := make([]*draft, len(names))
	readErrs := make([]error, len(names))
	var wg sync.WaitGroup
	const workers = 4 // parsing is all the work there is, and two cores are usual
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(names); i += workers {
				drafts[i], readErrs[i] = read(fsys, names[i])
			}
		})
	}
	wg.Wait()
	if err := errors.Join(readErrs...); err != nil {
		return nil, err
	}
	return assemble(drafts)
}

// list names the Markdown files, sorted; a name that begins with _ is a template.
func list(fsys fs.FS) ([]string, error) {
	var names []string
	for _, kind := range kinds {
		err := fs.WalkDir(fsys, string(kind), func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case !d.IsDir() && path.Ext(name) == ".md" && !strings.HasPrefix(path.Base(name), "_"):
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Platforms are the ids of the platforms that have code pages, in the order in
// which they are shown.
func (l *Library) Platforms() []string {
	var ids []string
	for _, p := range platforms {
		if len(l.byPlatform[p.ID]) > 0 {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// ByPlatform are the codes of one platform in natural order, nil where there are none.
func (l *Library) ByPlatform(platform string) []*Code { return l.byPlatform[platform] }

// Code finds a page by platform and any of its codes, its slug or an alias.
// Case, _ and - are forgiven; what matches to the letter wins.
func (l *Library) Code(platform, code string) (*Code, bool) {
	platform = strings.ToLower(strings.TrimSpace(platform))
	code = strings.TrimSpace(code)
	if c, ok := l.exact[platform+"/"+strings.ToLower(code)]; ok {
		return c, true
	}
	if found := l.folded[platform+"/"+Fold(code)]; len(found) > 0 {
		return found[0], true
	}
	return nil, false
}

// Anywhere finds every page, whatever its platform, that has this code, slug or
// alias, forgiving case, _ and -; in the order of [Library.Codes]. It is what a
// short address such as /e/mpe-bad-url-syntax means.
func (l *Library) Anywhere(code string) []*Code { return l.anywhere[Fold(strings.TrimSpace(code))] }

// ByRule are the pages that name this rule as one that detects them.
func (l *Library) ByRule(rule string) []*Code { return l.byRule[rule] }

// Articles are the pages of one kind ([Encoders], [PlatformPages] or [Guides])
// in the order in which they are shown.
func (l *Library) Articles(kind Kind) []*Article { return l.articles[kind] }

// Article finds one page by kind and slug, forgiving case, _ and -.
func (l *Library) Article(kind Kind, slug string) (*Article, bool) {
	want := Fold(strings.TrimSpace(slug))
	for _, a := range l.articles[kind] {
		if a.Slug == slug || Fold(a.Slug) == want {
			return a, true
		}
	}
	return nil, false
}

// Slug is a code as it stands in an address: each run of characters other than
// letters, digits, _ . and - becomes one -. Case is kept.
func Slug(code string) string {
	var b strings.Builder
	gap := false
	for _, r := range code {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '.' || r == '-' {
			b.WriteRune(r)
			gap = false
		} else if !gap {
			b.WriteByte('-')
			gap = true
		}
	}
	return b.String()
}

// Fold is a code as it is compared: in lower case, without _ and -, except that
// a - between two digits stays, so that 18/501 and 185/01 are not the same.
func Fold(code string) string {
	rs := []rune(strings.ToLower(strings.Trim(Slug(code), "-.")))
	out := rs[:0:0]
	for i, r := range rs {
		switch {
		case r == '_':
		case r == '-' && (i == 0 || i == len(rs)-1 || !unicode.IsDigit(rs[i-1]) || !unicode.IsDigit(rs[i+1])):
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// natural orders text with its numbers by value: 2/0 before 18/100.
func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func sortCodes(codes []*Code) {
	slices.SortFunc(codes, func(a, b *Code) int {
		return cmp.Or(
			cmp.Compare(platformOrder(a.Platform), platformOrder(b.Platform)),
			natural(strings.ToLower(a.Label()), strings.ToLower(b.Label())),
			cmp.Compare(a.Slug, b.Slug),
		)
	})
}
