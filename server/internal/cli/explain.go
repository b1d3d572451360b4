package cli

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/explain"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// Bounds of what is unpacked: a small archive can hold a text without end.
const (
	maxUnpacked = 1 << 30
	maxArchive  = 256 << 20 // of an archive that comes through a pipe
	maxEntries  = 1000      // files in one
)

// ExplainOptions are the arguments of `ingestdoctor explain`.
type ExplainOptions struct {
	File    string // path, or - for Stdin; gzip and zip are unpacked
	Profile string // profile id; empty: the one that the text shows
	JSON    bool

	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Explain reads a log or notifications and prints what they mean. Secrets are
// masked in all that it prints.
func Explain(ctx context.Context, o ExplainOptions) int {
	fail := complaining(o.Stderr)
	var p *profile.Profile
	if o.Profile != "" {
		var err error
		if p, err = profileOf(o.Profile); err != nil {
			return fail("%v", err)
		}
	}
	var in *input
	if o.File == "-" && terminal(o.Stdin) {
		fmt.Fprintln(o.Stderr, "Paste the text, then press Enter and Ctrl-D.")
		in = &input{r: o.Stdin, name: "standard input", size: -1}
	} else {
		var err error
		if in, err = open(o.File, o.Stdin, "log"); err != nil {
			return fail("%s", ingest.Redact(err.Error()))
		}
	}
	defer in.close()
	name := printable(ingest.Redact(in.name))
	text, err := in.unpacked()
	if err != nil {
		return fail("%s cannot be unpacked: %v", name, bare(err))
	}

	e := explain.New(explain.Options{Profile: p, Name: in.name, Size: text.size, Tool: tool(), Tell: rules.Tell})
	show := newProgress(o.Stderr, text.size)
	end := text.feed(ctx, e, show)
	show.done()
	if end.err != nil && end.read == 0 {
		return fail("%s cannot be read: %v", name, end.err)
	}
	r := e.Close(end.state, end.detail)

	var raw []byte
	if o.JSON {
		raw = r.JSON()
	}
	if err := deliver(o.Stdout, raw, func(p report) { writeExplained(p, r) }); err != nil {
		return fail("%v", err)
	}
	if end.state == diag.StateFailed {
		return fail("%s", end.detail)
	}
	return exit(end.state == diag.StateCancelled, &r.Verdict)
}

// unpacked is the input, or the text in it where it is a gzip or zip archive.
func (in *input) unpacked() (*input, error) {
	head := bufio.NewReaderSize(in.r, 16)
	start, _ := head.Peek(4)
	plain := func() *input {
		if in.file != nil {
			if _, err := in.file.Seek(0, io.SeekStart); err == nil {
				return in
			}
		}
		return &input{r: head, name: in.name, size: in.size}
	}
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(head)
		if err != nil {
			return nil, errors.New("it begins like gzip and is none")
		}
		return &input{r: &limited{r: z, left: maxUnpacked}, name: in.name, size: -1}, nil
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		var (
			at   io.ReaderAt = in.file
			size             = in.size
		)
		if in.file == nil {
			b, err := io.ReadAll(io.LimitReader(head, maxArchive+1))
			if err != nil {
				return nil, err
			}
			if len(b) > maxArchive {
				return nil, errors.New("it is too large for a pipe: name it as a file")
			}
			at, size = bytes.NewReader(b), int64(len(b))
		}
		z, err := zip.NewReader(at, size)
		if err != nil {
			return nil, errors.New("it begins like a zip archive and is none, or only a part of one")
		}
		return &input{r: &limited{r: &zipped{files: z.File}, left: maxUnpacked}, name: in.name, size: -1}, nil
	}
	return plain(), nil
}

// limited ends with an error where a text goes on beyond what is read.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("it unpacks to more than %s, and the rest is not read", size(maxUnpacked))
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// zipped reads the files of an archive one after the other, as one text. A
// file ends with a line end.
type zipped struct {
	files []*zip.File
	next  int
	open  io.ReadCloser
	last  byte
}

func (z *zipped) Read(p []byte) (int, error) {
	for {
		if z.open == nil {
			if z.next >= len(z.files) {
				return 0, io.EOF
			}
			if z.next >= maxEntries {
				return 0, fmt.Errorf("it holds more than %d files, and the rest is not read", maxEntries)
			}
			f := z.files[z.next]
			z.next++
			if f.FileInfo().IsDir() {
				continue
			}
			r, err := f.Open()
			if err != nil {
				return 0, errors.New("a file in it cannot be unpacked: it is encrypted, or packed in an unusual way")
			}
			z.open, z.last = r, '\n'
		}
		n, err := z.open.Read(p)
		if n > 0 {
			z.last = p[n-1]
			return n, nil
		}
		if err == nil {
			continue
		}
		z.open.Close()
		z.open = nil
		if err != io.EOF {
			return 0, err
		}
		if z.last != '\n' && len(p) > 0 {
			p[0] = '\n'
			return 1, nil
		}
	}
}

// mostEntries is how much of the timeline is printed; --json has all of it.
const mostEntries = 60

func writeExplained(p report, r *explain.Report) {
	about := printable(r.Input.Name)
	if r.Input.Read > 0 {
		about += ", " + size(r.Input.Read)
	}
	about += ", " + plural(int(r.Paste.Lines), "line")
	p.line("%s", about)
	var kinds []string
	for _, k := range r.Paste.Kinds {
		text := k.Name
		if k.Items > 1 {
			text += " (" + plural(int(k.Items), "item") + ")"
		}
		kinds = append(kinds, text)
	}
	if len(kinds) > 0 {
		p.text("Recognised: ", strings.Join(kinds, ", "))
	}
	by := ""
	if r.ProfileBy == "paste" {
		by = ", told from the text"
	}
	p.line("Checked against: %s (%s%s)", r.Profile.Name, r.Profile.ID, by)
	switch r.Input.State {
	case diag.StateCancelled, diag.StateFailed:
		p.line("%s", p.severity(diag.Warning, "Not read to its end: what follows is true of the part that was read."))
	}
	if r.Input.Detail != "" {
		p.text("", r.Input.Detail)
	}
	p.answer(&r.Verdict)
	if len(r.Findings) > 0 {
		p.counts(&r.Verdict)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		p.finding(f, &r.Report)
		if e := r.Entry(f); e != nil && e.Text != "" {
			p.text("        It says: ", e.Text)
		}
	}
	p.timeline(r)
	p.settingsOf(r)
	p.checks(r.Checks)
}

func (p report) timeline(r *explain.Report) {
	if len(r.Entries) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.bold("What happened"))
	for i := range r.Entries {
		e := &r.Entries[i]
		if i == mostEntries {
			p.line("  ... and %d more; --json prints all", int64(len(r.Entries)-i)+r.LeftOut)
			return
		}
		time := e.Time
		if time == "" {
			time = lineNumbers(e.First, e.Final)
		}
		what := e.Title
		if e.Code != "" && e.Code != e.Title {
			what = e.Code + "  " + e.Title
		}
		if e.Track != "" {
			what += " (" + e.Track + ")"
		}
		if e.Count > 1 {
			what += ", " + rules.Format(rules.Count, diag.I("", e.Count)) + " times"
			if e.LastTime != "" && e.LastTime != e.Time {
				what += ", last " + e.LastTime
			}
		}
		sev, _ := diag.ParseSeverity(e.Level)
		p.line("  %-24s %s %s", printable(time), p.severity(sev, fmt.Sprintf("%-7s", e.Level)), printable(what))
	}
	if r.LeftOut > 0 {
		p.line("  ... and %d more", r.LeftOut)
	}
}

func (p report) settingsOf(r *explain.Report) {
	if len(r.Settings) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.bold("Settings that it shows"))
	for i := range r.Settings {
		s := &r.Settings[i]
		note := ""
		if sev, ok := diag.ParseSeverity(s.State); ok && sev > diag.Off {
			note = "  " + p.severity(sev, s.State)
			if s.Limit != "" {
				note += " (" + printable(s.Limit) + ")"
			}
		}
		p.line("  %-20s %s%s", s.Label, printable(s.Value), note)
	}
}
