package content

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"ingestdoctor/wasm/rules"
)

// assemble puts the pages together and checks what needs all of them.
func assemble(drafts []*draft) (*Library, error) {
	l := &Library{
		articles:   map[Kind][]*Article{},
		byPlatform: map[string][]*Code{},
		exact:      map[string]*Code{},
		folded:     map[string][]*Code{},
		anywhere:   map[string][]*Code{},
		byRule:     map[string][]*Code{},
	}
	for _, d := range drafts {
		if d.code != nil {
			l.Codes = append(l.Codes, d.code)
		} else {
			l.articles[d.article.Kind] = append(l.articles[d.article.Kind], d.article)
		}
	}
	sortCodes(l.Codes)
	for kind, list := range l.articles {
		slices.SortStableFunc(list, func(a, b *Article) int {
			byPlatform := 0
			if kind == PlatformPages { // a guide or an encoder may have one too: it has its own order
				byPlatform = cmp.Compare(platformOrder(a.Platform), platformOrder(b.Platform))
			}
			return cmp.Or(
				byPlatform,
				cmp.Compare(a.Order, b.Order),
				natural(strings.ToLower(a.Title), strings.ToLower(b.Title)),
			)
		})
	}
	drafted := map[*Code]*draft{}
	facts := map[string]string{}
	for _, d := range drafts {
		d.checkPage()
		if d.code != nil {
			drafted[d.code] = d
			d.checkCode(facts)
		} else {
			d.checkArticle()
		}
	}
	for _, c := range l.Codes { // in order, so that the first to have a name is stable
		l.index(drafted[c])
	}
	ids := map[string]map[string]bool{} // address -> anchors
	for _, d := range drafts {
		ids[d.address()] = d.ids
	}
	for _, d := range drafts {
		l.resolve(d, ids)
	}
	for _, c := range l.Codes {
		for _, r := range c.Rules {
			l.byRule[r] = append(l.byRule[r], c)
		}
		for _, other := range c.SameAs {
			if !slices.Contains(other.SameAs, c) {
				other.SameAs = append(other.SameAs, c)
			}
		}
	}
	for _, c := range l.Codes {
		sortCodes(c.SameAs)
	}
	var errs []error
	for _, d := range drafts {
		slices.SortStableFunc(d.errs, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
		for _, e := range d.errs {
			errs = append(errs, e)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return l, nil
}

func (d *draft) address() string {
	if d.code != nil {
		return d.code.URL()
	}
	return d.article.URL()
}

func (d *draft) checkPage() {
	p := d.page()
	if strings.HasSuffix(p.Title, ".") {
		d.fail(d.lines["title"], "title: no full stop at the end")
	}
	if p.Status != "current" && p.StatusDate == "" {
		d.fail(max(1, d.lines["status"]), "status_date is missing: since when is it "+p.Status+"?")
	}
}

func (d *draft) checkCode(facts map[string]string) {
	c := d.code
	if folder := strings.Split(d.file, "/")[2]; c.Platform != "" && folder != c.Platform {
		d.fail(d.lines["platform"], "platform: "+c.Platform+" in the folder of "+folder)
	}
	switch {
	case c.Code == "" && len(c.Codes) > 0:
		d.fail(d.lines["codes"], "codes without code")
	case c.Code == "" && len(c.Messages) == 0:
		d.fail(1, "neither code nor messages")
	case c.Code != "" && len(c.Codes) == 0:
		c.Codes = []string{c.Code}
	case c.Code != "" && c.Codes[0] != c.Code:
		d.fail(d.lines["codes"], "codes: the first must be code, "+c.Code)
	}
	if c.Code != "" && c.Slug != Slug(c.Code) {
		d.fail(d.lines["code"], "code: the file of "+c.Code+" must be called "+Slug(c.Code)+".md")
	}
	if c.Slug != Slug(c.Slug) {
		d.fail(1, "the file's name may have letters, digits, _ . and - only")
	}
	if c.ShowsAs != "" && c.Platform != "azure-media-services" {
		d.fail(d.lines["shows_as"], "shows_as is for azure-media-services only")
	}
	for _, f := range c.Facts {
		if first, twice := facts[f]; twice {
			d.fail(d.lines["facts"], "facts: "+f+" is covered by "+first+" too")
		}
		facts[f] = d.file
	}
}

func (d *draft) checkArticle() {
	a := d.article
	if a.Slug != Slug(a.Slug) || a.Slug != strings.ToLower(a.Slug) {
		d.fail(1, "the file's name may have small letters, digits, _ . and - only")
	}
	if a.Kind == PlatformPages && a.Status == "retired" && a.Instead == "" {
		d.fail(d.lines["status"], "instead is missing: where should the reader go?")
	}
}

// index enters every name of a page: slug, codes, aliases. Within a platform no
// two pages may have the same; forms that differ in _ and - only are allowed.
func (l *Library) index(d *draft) {
	c := d.code
	l.byPlatform[c.Platform] = append(l.byPlatform[c.Platform], c)
	enter := func(name, key string) {
		k := c.Platform + "/" + strings.ToLower(name)
		if other, ok := l.exact[k]; ok && other != c {
			d.fail(max(1, d.lines[key]), key+": "+strconv.Quote(name)+" is a name of "+other.File+" too")
			return
		}
		l.exact[k] = c
		fold := Fold(name)
		if fold == "" {
			return
		}
		for _, m := range []struct {
			to  map[string][]*Code
			key string
		}{{l.folded, c.Platform + "/" + fold}, {l.anywhere, fold}} {
			if !slices.Contains(m.to[m.key], c) {
				m.to[m.key] = append(m.to[m.key], c)
			}
		}
	}
	enter(c.Slug, "code")
	for _, code := range c.Codes {
		enter(code, "codes")
		enter(Slug(code), "codes")
	}
	for _, a := range c.Aliases {
		enter(a, "aliases")
	}
}

// resolve follows everything that a file points at.
func (l *Library) resolve(d *draft, ids map[string]map[string]bool) {
	if c := d.code; c != nil {
		for _, r := range d.rules {
			c.Rules = append(c.Rules, r.to)
			if _, ok := rules.ByID(r.to); !ok {
				d.fail(r.line, "rules: there is no rule "+strconv.Quote(r.to))
			}
		}
		for _, list := range []struct {
			key  string
			refs []ref
			to   *[]*Code
		}{{"related", d.related, &c.Related}, {"same_as", d.sameAs, &c.SameAs}} {
			for _, r := range list.refs {
				platform, code, ok := strings.Cut(r.to, "/")
				if !ok || platformOrder(platform) == len(platforms) {
					d.fail(r.line, list.key+": "+strconv.Quote(r.to)+" is not platform/code")
					continue
				}
				other, ok := l.named(platform, code)
				switch {
				case !ok:
					d.fail(r.line, list.key+": there is no page for "+r.to)
				case other == c:
					d.fail(r.line, list.key+": "+r.to+" is this page itself")
				case list.key == "same_as" && platform == c.Platform:
					d.fail(r.line, "same_as is for other platforms; use related for "+r.to)
				case !slices.Contains(*list.to, other): // two codes may be on one page
					*list.to = append(*list.to, other)
				}
			}
		}
	}
	for _, r := range d.links {
		if reason := l.follow(d, r.to, ids); reason != "" {
			d.fail(r.line, "dead link "+r.to+": "+reason)
		}
	}
}

// named is Code to the letter: links in our own files use the exact code, the
// slug or an alias.
func (l *Library) named(platform, code string) (*Code, bool) {
	c, ok := l.exact[platform+"/"+strings.ToLower(code)]
	return c, ok
}

// follow says what is wrong with a link; empty where it is right.
func (l *Library) follow(d *draft, to string, ids map[string]map[string]bool) string {
	to, frag, _ := strings.Cut(to, "#")
	switch {
	case to == "":
		if !d.ids[frag] {
			return "no such heading on this page"
		}
		return ""
	case strings.HasPrefix(to, "https://"), strings.HasPrefix(to, "http://"), strings.HasPrefix(to, "mailto:"):
		return ""
	case !strings.HasPrefix(to, "/"):
		return "link to pages of ours from the root: /codes/..., /rules/..., /guides/..."
	}
	parts := strings.Split(strings.Trim(to, "/"), "/")
	switch {
	case len(parts) == 1 && slices.Contains([]string{"", "codes", "rules", "encoders", "platforms", "guides", "profiles", "search"}, parts[0]):
		return ""
	case parts[0] == "check" && len(parts) == 2:
		return ""
	case parts[0] == "rules" && len(parts) == 2:
		if _, ok := rules.ByID(parts[1]); !ok {
			return "there is no such rule"
		}
		return ""
	case parts[0] == "profiles" && len(parts) == 2:
		if !slices.Contains(profileIDs, parts[1]) {
			return "there is no such profile"
		}
		return ""
	case parts[0] == "codes" && len(parts) == 2:
		if platformOrder(parts[1]) == len(platforms) {
			return "there is no such platform"
		}
		return ""
	case parts[0] == "codes" && len(parts) == 3,
		slices.Contains([]string{"encoders", "platforms", "guides"}, parts[0]) && len(parts) == 2:
		anchors, ok := ids[to]
		if !ok {
			return "there is no such page (the address must be the canonical one)"
		}
		if frag != "" && !anchors[frag] {
			return "that page has no such heading"
		}
		return ""
	}
	return "no page has that address"
}
