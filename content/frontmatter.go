package content

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// draft is a file that was read: its page, and what can only be checked when
// all pages are there.
type draft struct {
	file    string
	code    *Code    // one of these two
	article *Article //
	related []ref
	sameAs  []ref
	rules   []ref
	links   []ref
	lines   map[string]int // where a key stands
	ids     map[string]bool
	errs    []*Error
}

// ref is something that a file points at, and the line where it does.
type ref struct {
	to   string
	line int
}

func (d *draft) page() *Page {
	if d.code != nil {
		return &d.code.Page
	}
	return &d.article.Page
}

func (d *draft) fail(line int, reason string) {
	d.errs = append(d.errs, &Error{File: d.file, Line: line, Reason: reason})
}

// read parses one file. What is wrong in it stands in the draft's errs; the
// error is for a file that cannot be read at all.
func read(fsys fs.FS, name string) (*draft, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	d := &draft{file: "content/" + name, lines: map[string]int{}, ids: map[string]bool{}}
	kind := Kind(strings.SplitN(name, "/", 2)[0])
	page := Page{Kind: kind, Slug: strings.TrimSuffix(path.Base(name), ".md"), File: d.file, Status: "current"}
	depth := 2
	if kind == Codes {
		d.code, depth = &Code{Page: page}, 3
	} else {
		d.article = &Article{Page: page}
	}
	if strings.Count(name, "/")+1 != depth {
		d.fail(1, "a file in the wrong place: codes/<platform>/<slug>.md, encoders/<slug>.md, platforms/<slug>.md or guides/<slug>.md")
	}
	if bytes.Contains(src, []byte("\r")) {
		d.fail(1, "lines end in CR LF; end them in LF")
		src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	}
	head, body, bodyLine, ok := split(src)
	if !ok {
		d.fail(1, "no front matter: the file must begin with a line --- and close it with another")
		return d, nil
	}
	d.front(head)
	d.body(body, bodyLine)
	return d, nil
}

// split cuts the front matter off; bodyLine is the body's first line in the file.
func split(src []byte) (head, body []byte, bodyLine int, ok bool) {
	rest, ok := bytes.CutPrefix(src, []byte("---\n"))
	if !ok {
		return nil, nil, 0, false
	}
	head, body, ok = bytes.Cut(rest, []byte("\n---\n"))
	return head, body, bytes.Count(head, []byte("\n")) + 4, ok
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// front decodes the front matter, key by key, so that everything unknown, twice
// there or of the wrong form is named with its line.
func (d *draft) front(head []byte) {
	var doc yaml.Node
	if err := yaml.Unmarshal(head, &doc); err != nil {
		line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1])
			text = strings.Replace(text, m[0], "", 1)
		}
		if strings.HasPrefix(text, "did not find") {
			line++ // the library counts these from 0, all others from 1
		}
		d.fail(line+1, "front matter: "+text)
		return
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		d.fail(2, "front matter must be a list of keys and values")
		return
	}
	fields := d.fields()
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		line := key.Line + 1 // the fence is line 1
		set, known := fields[key.Value]
		switch {
		case !known:
			d.fail(line, "unknown key "+strconv.Quote(key.Value))
		case d.lines[key.Value] != 0:
			d.fail(line, "key "+key.Value+" stands twice, first in line "+strconv.Itoa(d.lines[key.Value]))
		default:
			d.lines[key.Value] = line
			if err := set(value); err != nil {
				var at *atLine
				if errors.As(err, &at) {
					line = at.line
				}
				d.fail(line, key.Value+": "+err.Error())
			}
		}
	}
	for _, key := range d.required() {
		if d.lines[key] == 0 {
			d.fail(1, "key "+key+" is missing")
		}
	}
}

// required are the keys that the file must have; a list may be written as [].
func (d *draft) required() []string {
	if d.code != nil {
		keys := []string{"platform", "title", "severity", "who", "stage", "status", "sources", "verification", "facts"}
		if d.code.Platform == "azure-media-services" {
			keys = append(keys, "shows_as")
		}
		return keys
	}
	keys := []string{"title", "summary", "sources", "verification"}
	if d.article.Kind == PlatformPages {
		keys = append(keys, "status")
	}
	return keys
}

// fields are the keys that the file may have and what each does with its value.
func (d *draft) fields() map[string]func(*yaml.Node) error {
	p := d.page()
	f := map[string]func(*yaml.Node) error{
		"title":        text(&p.Title),
		"aliases":      list1(&p.Aliases),
		"symptoms":     list1(&p.Symptoms),
		"status":       enum(&p.Status, statuses),
		"status_date":  text(&p.StatusDate),
		"sources":      sources(&p.Sources),
		"verification": text(&p.Verification),
	}
	if a := d.article; a != nil {
		f["summary"] = text(&a.Summary)
		f["platform"] = platform(&a.Platform)
		f["profiles"] = enums(&a.Profiles, profileIDs)
		f["instead"] = text(&a.Instead)
		f["order"] = number(&a.Order)
		return f
	}
	c := d.code
	f["platform"] = platform(&c.Platform)
	f["code"] = text(&c.Code)
	f["codes"] = list1(&c.Codes)
	f["numbers"] = numbers(&c.Numbers)
	f["events"] = list1(&c.Events)
	f["messages"] = list1(&c.Messages)
	f["severity"] = enum(&c.Severity, severities)
	f["who"] = enums(&c.Who, fixers)
	f["stage"] = enum(&c.Stage, stages)
	f["shows_as"] = enum(&c.ShowsAs, shows)
	f["settings"] = settings(&c.Settings)
	f["rules"] = refs(&d.rules)
	f["related"] = refs(&d.related)
	f["same_as"] = refs(&d.sameAs)
	f["facts"] = list0(&c.Facts)
	return f
}

// atLine is an error in a place of its own, inside a list.
type atLine struct {
	line   int
	reason string
}

func (e *atLine) Error() string { return e.reason }

func at(n *yaml.Node, reason string) error { return &atLine{line: n.Line + 1, reason: reason} }

// scalar is a value as it is written: 18/501, 2024-06-30 and 1001 stay text.
func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", at(n, "must be one value")
	}
	if n.Value == "" || n.Tag == "!!null" {
		return "", at(n, "is empty; leave the key out instead")
	}
	if strings.TrimSpace(n.Value) != n.Value {
		return "", at(n, "begins or ends in white space")
	}
	return n.Value, nil
}

func text(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) (err error) {
		*to, err = scalar(n)
		return err
	}
}

func number(to *int) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		s, err := scalar(n)
		if err != nil {
			return err
		}
		if *to, err = strconv.Atoi(s); err != nil {
			return at(n, "must be a whole number")
		}
		return nil
	}
}

func oneOf(n *yaml.Node, of []string) (string, error) {
	s, err := scalar(n)
	if err == nil && !slices.Contains(of, s) {
		err = at(n, strconv.Quote(s)+" is none of "+strings.Join(of, ", "))
	}
	return s, err
}

func enum(to *string, of []string) func(*yaml.Node) error {
	return func(n *yaml.Node) (err error) {
		*to, err = oneOf(n, of)
		return err
	}
}

func platform(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		s, err := scalar(n)
		if err == nil && platformOrder(s) == len(platforms) {
			err = at(n, strconv.Quote(s)+" is no platform that names.go lists")
		}
		*to = s
		return err
	}
}

// each calls f for the entries of a list.
func each(n *yaml.Node, f func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return at(n, "must be a list")
	}
	for _, item := range n.Content {
		if err := f(item); err != nil {
			return err
		}
	}
	return nil
}

// list0 takes a list of different values, which may be empty.
func list0(to *[]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		return each(n, func(item *yaml.Node) error {
			s, err := scalar(item)
			if err != nil {
				return err
			}
			if slices.Contains(*to, s) {
				return at(item, strconv.Quote(s)+" stands twice")
			}
			*to = append(*to, s)
			return nil
		})
	}
}

// list1 is list0 with at least one value: an empty list is left out.
func list1(to *[]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := list0(to)(n); err != nil {
			return err
		}
		if len(*to) == 0 {
			return at(n, "is empty; leave the key out instead")
		}
		return nil
	}
}

func enums(to *[]string, of []string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := list1(to)(n); err != nil {
			return err
		}
		return each(n, func(item *yaml.Node) error {
			_, err := oneOf(item, of)
			return err
		})
	}
}

func settings(to *[]Setting) func(*yaml.Node) error {
	ids := make([]string, len(Settings))
	for i, s := range Settings {
		ids[i] = s.ID
	}
	return func(n *yaml.Node) error {
		return each(n, func(item *yaml.Node) error {
			s, err := oneOf(item, ids)
			if err != nil {
				return err
			}
			*to = append(*to, Settings[slices.Index(ids, s)])
			return nil
		})
	}
}

func refs(to *[]ref) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		return each(n, func(item *yaml.Node) error {
			s, err := scalar(item)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(*to, func(r ref) bool { return r.to == s }) {
				return at(item, strconv.Quote(s)+" stands twice")
			}
			*to = append(*to, ref{s, item.Line + 1})
			return nil
		})
	}
}

// numbers takes a list of {name: number, ...}.
func numbers(to *[]Number) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		return each(n, func(item *yaml.Node) error {
			if item.Kind != yaml.MappingNode || len(item.Content) == 0 {
				return at(item, "each entry must be {name: number}, such as {errcode: 18, sub_errcode: 501}")
			}
			var num Number
			for i := 0; i+1 < len(item.Content); i += 2 {
				v, err := strconv.ParseInt(item.Content[i+1].Value, 0, 64)
				if err != nil {
					return at(item, item.Content[i].Value+" is not a number")
				}
				num = append(num, Field{item.Content[i].Value, v})
			}
			*to = append(*to, num)
			return nil
		})
	}
}

func sources(to *[]Source) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		err := each(n, func(item *yaml.Node) error {
			if item.Kind != yaml.MappingNode {
				return at(item, "each entry must have title, url or path, and date")
			}
			var s Source
			for i := 0; i+1 < len(item.Content); i += 2 {
				v, err := scalar(item.Content[i+1])
				if err != nil {
					return err
				}
				switch key := item.Content[i]; key.Value {
				case "title":
					s.Title = v
				case "url":
					s.URL = v
				case "path":
					s.Path = v
				case "date":
					s.Date = v
				default:
					return at(key, "unknown key "+strconv.Quote(key.Value)+" in a source")
				}
			}
			switch {
			case s.Title == "" || s.Date == "" || s.URL == "" && s.Path == "":
				return at(item, "each entry must have title, url or path, and date")
			case s.URL != "" && !strings.HasPrefix(s.URL, "https://") && !strings.HasPrefix(s.URL, "http://"):
				return at(item, "a url must begin with https:// or http://; a file is a path")
			}
			*to = append(*to, s)
			return nil
		})
		if err == nil && len(*to) == 0 {
			err = at(n, "name at least one source")
		}
		return err
	}
}
