package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"ingestdoctor/wasm/analyze"
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// chunk is how much is read at a time: larger gains nothing, and leaves the
// processor's cache.
const chunk = 256 << 10

// FLVOptions are the arguments of `ingestdoctor flv`.
type FLVOptions struct {
	File    string // path, or - for Stdin
	Profile string // profile id
	JSON    bool

	Stdin          io.Reader
	Stdout, Stderr io.Writer

	opened func() // for tests: called once the input is open
}

// FLV checks one recording and prints the report. See the Exit constants for
// what it returns.
func FLV(ctx context.Context, o FLVOptions) int {
	fail := complaining(o.Stderr)
	p, err := profileOf(o.Profile)
	if err != nil {
		return fail("%v", err)
	}
	in, err := open(o.File, o.Stdin, "recording")
	if err != nil {
		return fail("%v", err)
	}
	defer in.close()
	if o.opened != nil {
		o.opened()
	}

	a := analyze.New(analyze.Options{Profile: p, Name: in.name, Size: in.size})
	show := newProgress(o.Stderr, in.size)
	end := in.feed(ctx, a, show)
	show.done()
	if end.err != nil && end.read == 0 {
		return fail("%s cannot be read: %v", in.name, end.err)
	}
	r := a.Close(end.state, end.detail)
	rules.Tell(r)

	var raw []byte
	if o.JSON {
		raw = r.JSON()
	}
	if err := deliver(o.Stdout, raw, func(p report) { writeReport(p, r) }); err != nil {
		return fail("%v", err)
	}
	if end.state == diag.StateFailed {
		return fail("%s", end.detail)
	}
	return exit(end.state == diag.StateCancelled, &r.Verdict)
}

// input is what is read: a file, or a stream without an end known beforehand.
type input struct {
	r    io.Reader
	file *os.File // of a regular file, whose changes can be seen
	info fs.FileInfo
	name string // without folders: reports travel
	size int64  // -1 when unknown
}

// open finds the input, which is a recording or what else the noun says. Its
// errors say what to do, without Go's words.
func open(file string, stdin io.Reader, noun string) (*input, error) {
	if file == "-" {
		if terminal(stdin) {
			return nil, errors.New("standard input is a terminal: pipe a " + noun + " into it, or name a file")
		}
		return &input{r: stdin, name: "standard input", size: -1}, nil
	}
	shown := printable(file)
	f, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", shown)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s may not be read by this user", shown)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be opened: %w", shown, bare(err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s cannot be read: %w", shown, bare(err))
	}
	if info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a folder: name a %s in it", shown, noun)
	}
	in := &input{r: f, name: filepath.Base(file), size: -1}
	if info.Mode().IsRegular() {
		in.file, in.info, in.size = f, info, info.Size()
	}
	return in, nil
}

func (in *input) close() {
	if c, ok := in.r.(io.Closer); ok && in.r != os.Stdin {
		c.Close()
	}
}

// ending is how reading came to its end.
type ending struct {
	state  string
	detail string // for a person
	err    error
	read   int64
}

// feed reads the input to its end into the analyser, which never fails.
func (in *input) feed(ctx context.Context, a io.Writer, show *progress) ending {
	var end ending
	read := in.direct
	if in.file == nil {
		read = in.ahead
	}
	end.read, end.err = read(ctx, func(p []byte, total int64) {
		_, _ = a.Write(p)
		show.at(total)
	})
	switch {
	case ctx.Err() != nil:
		end.state = diag.StateCancelled
		end.detail = "Interrupted after " + size(end.read) + "."
	case end.err != nil:
		end.state = diag.StateFailed
		end.detail = "Reading failed after " + size(end.read) + ": " + bare(end.err).Error() + "."
	default:
		end.state, end.detail = in.whole(end.read)
	}
	return end
}

// direct reads a file with one buffer. A file's read returns at once, so that
// an interruption is seen between two of them.
func (in *input) direct(ctx context.Context, use func([]byte, int64)) (total int64, err error) {
	buf := make([]byte, chunk)
	for ctx.Err() == nil {
		n, err := in.r.Read(buf)
		if n > 0 {
			total += int64(n)
			use(buf[:n], total)
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// ahead reads a pipe, whose read may wait for ever, in a goroutine of its own;
// two buffers take turns.
func (in *input) ahead(ctx context.Context, use func([]byte, int64)) (total int64, err error) {
	type part struct {
		buf []byte
		n   int
		err error
	}
	full, free := make(chan part, 2), make(chan []byte, 2)
	free <- make([]byte, chunk)
	free <- make([]byte, chunk)
	go func() {
		for buf := range free {
			n, err := in.r.Read(buf)
			full <- part{buf, n, err}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			close(free)
			return total, nil
		case p := <-full:
			if p.n > 0 {
				total += int64(p.n)
				use(p.buf[:p.n], total)
			}
			if p.err == io.EOF {
				return total, nil
			}
			if p.err != nil {
				return total, p.err
			}
			free <- p.buf
		}
	}
}

// whole says whether all of a file was read, and whether it stayed what it was.
func (in *input) whole(read int64) (state, detail string) {
	if in.file == nil {
		return diag.StateComplete, ""
	}
	if read < in.size {
		return diag.StateFailed, "The file became shorter while it was read: " + size(read) + " of " + size(in.size) + " were there."
	}
	now, err := in.file.Stat()
	switch {
	case err != nil:
		return diag.StateComplete, ""
	case now.Size() > in.size:
		return diag.StateComplete, "The file grew while it was read: this is what it held at " + size(read) + "."
	case !now.ModTime().Equal(in.info.ModTime()):
		return diag.StateComplete, "The file was written to while it was read, so parts of it may be of two versions."
	}
	return diag.StateComplete, ""
}

// bare takes the path and the call off an error: the message names the file already.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// progress shows how far reading is, on a terminal only.
type progress struct {
	w     io.Writer // nil: show nothing
	total int64
	start time.Time
	next  time.Time
	shown bool
}

func newProgress(w io.Writer, total int64) *progress {
	p := &progress{total: total}
	if terminal(w) {
		p.w, p.start = w, time.Now()
		p.next = p.start.Add(300 * time.Millisecond) // a small file needs none
	}
	return p
}

func (p *progress) at(read int64) {
	if p.w == nil {
		return
	}
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(200 * time.Millisecond)
	p.shown = true
	rate := float64(read) / now.Sub(p.start).Seconds()
	text := size(read)
	if p.total > 0 {
		left := time.Duration(float64(p.total-read) / rate * float64(time.Second))
		text = fmt.Sprintf("%3d %% of %s, %s left", min(100, read*100/p.total), size(p.total), left.Round(time.Second))
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s, %.0f MB/s", text, rate/1e6)
}

// done takes the line away again.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// terminal reports whether a reader or writer is one that a person sits at.
func terminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// colours reports whether to colour what is written to w (no-color.org).
func colours(w io.Writer) bool {
	return terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// printable takes control characters out of text that came from outside: a
// file's name or its metadata must not steer the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
