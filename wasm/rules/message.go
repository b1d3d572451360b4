package rules

import (
	"errors"

	"ingestdoctor/wasm/diag"
)

// Arg is the documentation of one of the rule's arguments.
func (r *Rule) Arg(name string) (Arg, bool) {
	for _, a := range r.Args {
		if a.Name == name {
			return a, true
		}
	}
	return Arg{}, false
}

// Message writes a finding's text from its rule and arguments.
func Message(f *diag.Finding) string {
	r, ok := ByID(f.Rule)
	if !ok {
		return f.Rule
	}
	return upperFirst(fill(r.Message, r, f.Args))
}

// Headline writes what follows "Azure would refuse this: ".
func Headline(f *diag.Finding) string {
	r, ok := ByID(f.Rule)
	if !ok {
		return f.Rule
	}
	return fill(r.Headline, r, f.Args)
}

// Fix is what to do about a finding: its own first step where it has one (an
// argument fix, from the page of a code), else the rule's.
func Fix(f *diag.Finding) string {
	if a, ok := f.Args.Get("fix"); ok && a.Text != "" {
		return a.Text
	}
	if r, ok := ByID(f.Rule); ok {
		return r.Fix
	}
	return ""
}

// fill replaces {name} by the argument's value with its unit, and leaves out
// a [part] of which an argument is missing, an empty text or false. {name?}
// only asks for the argument and writes nothing; {name|frame|frames} writes the
// first word for 1 and the second for any other number. Parts do not nest.
func fill(text string, r *Rule, args diag.Args) string {
	b := make([]byte, 0, len(text)+32)
	for i := 0; i < len(text); {
		switch text[i] {
		case '[':
			end := i + 1
			for end < len(text) && text[end] != ']' {
				end++
			}
			mark := len(b)
			var ok bool
			if b, ok = part(b, text[i+1:end], r, args); !ok {
				b = b[:mark]
			}
			i = end + 1
		default:
			start := i
			for i < len(text) && text[i] != '[' {
				i++
			}
			b, _ = part(b, text[start:i], r, args)
		}
	}
	return string(b)
}

// part appends a text without brackets; ok is false when an argument is not there.
func part(b []byte, text string, r *Rule, args diag.Args) (_ []byte, ok bool) {
	ok = true
	for i := 0; i < len(text); i++ {
		if text[i] != '{' {
			b = append(b, text[i])
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != '}' {
			end++
		}
		name := text[i+1 : end]
		i = end
		silent := len(name) > 0 && name[len(name)-1] == '?'
		if silent {
			name = name[:len(name)-1]
		}
		name, one, many := plural(name)
		a, found := args.Get(name)
		if !found || a.Kind == diag.Text && a.Text == "" || a.Kind == diag.Bool && a.Int == 0 {
			ok = false
		}
		if silent {
			continue
		}
		if many != "" {
			if a.Kind == diag.Int && a.Int == 1 {
				many = one
			}
			b = append(b, many...)
			continue
		}
		if !found {
			b = append(b, "(unknown)"...)
			continue
		}
		doc, _ := r.Arg(name)
		b = append(b, Format(doc.Unit, a)...)
	}
	return b, ok
}

// plural takes {name|one|many} apart; one and many are empty for a plain name.
func plural(s string) (name, one, many string) {
	for i := 0; i < len(s); i++ {
		if s[i] != '|' {
			continue
		}
		for j := i + 1; j < len(s); j++ {
			if s[j] == '|' {
				return s[:i], s[i+1 : j], s[j+1:]
			}
		}
	}
	return s, "", ""
}

func upperFirst(s string) string {
	if len(s) > 0 && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Complete fills in what follows from the rule: message, platform codes with
// their links (those of the given platform first) and the rule's page. A
// finding of a rule without codes keeps its own.
// Severity and basis are the check's.
func Complete(f *diag.Finding, platform string) {
	f.Message = Message(f)
	f.DocURL = "/rules/" + f.Rule
	r, ok := ByID(f.Rule)
	if ok && len(r.Codes) == 0 && len(f.Links) > 0 {
		return // codes of its own: those that a paste holds
	}
	f.Codes, f.Links = []string{}, nil
	if !ok {
		return
	}
	for _, own := range [...]bool{true, false} {
		for _, c := range r.Codes {
			if (c.Platform == platform) != own {
				continue
			}
			f.Codes = append(f.Codes, c.Code)
			f.Links = append(f.Links, diag.Link{Platform: c.Platform, Code: c.Code, Title: c.Title, URL: CodeURL(c.Platform, c.Code)})
		}
	}
}

// CodeURL is the page of one platform code on this portal.
func CodeURL(platform, code string) string { return "/codes/" + platform + "/" + Slug(code) }

// Slug writes a code as it stands in a page's address: every run of characters
// other than letters, digits, '_', '.' and '-' becomes one '-' (facts/README.md).
func Slug(code string) string {
	b := make([]byte, 0, len(code))
	gap := false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
			b = append(b, c)
			gap = false
		case !gap:
			b = append(b, '-')
			gap = true
		}
	}
	return string(b)
}

// Validate reports what is wrong with a finding: an undeclared rule, an
// argument that the rule does not declare, one out of order or twice, or one
// whose kind does not go with its unit. Checks are tested with it.
func Validate(f *diag.Finding) error {
	r, ok := ByID(f.Rule)
	if !ok {
		return errors.New("rule " + f.Rule + " is not declared")
	}
	if f.Severity > diag.Error {
		return errors.New(f.Rule + ": no such severity")
	}
	if f.Basis != diag.Documented && f.Basis != diag.Inferred && f.Basis != diag.Ours {
		return errors.New(f.Rule + ": basis " + string(f.Basis) + " is none of documented, inferred, ours")
	}
	if f.Count < 1 {
		return errors.New(f.Rule + ": count below 1")
	}
	next := 0
	for _, a := range f.Args {
		at := next
		for at < len(r.Args) && r.Args[at].Name != a.Name {
			at++
		}
		if at == len(r.Args) {
			if _, declared := r.Arg(a.Name); declared {
				return errors.New(f.Rule + ": argument " + a.Name + " is out of order or twice")
			}
			return errors.New(f.Rule + ": argument " + a.Name + " is not declared")
		}
		next = at + 1
		switch unit := r.Args[at].Unit; {
		case (unit == Word) != (a.Kind == diag.Text), (unit == YesNo) != (a.Kind == diag.Bool):
			return errors.New(f.Rule + ": argument " + a.Name + " does not have the kind of its unit " + string(unit))
		}
	}
	return nil
}
