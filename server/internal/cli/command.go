package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/ingest"
	"ingestdoctor/wasm/profile"
)

// complaining returns how a command says why it cannot go on, and ends.
func complaining(w io.Writer) func(format string, args ...any) int {
	return func(format string, args ...any) int {
		fmt.Fprintf(w, "ingestdoctor: "+format+"\n", args...)
		return ExitUnusable
	}
}

// profileOf finds a profile by its id. What was typed in its place may be a
// secret: it is masked in the error.
func profileOf(id string) (*profile.Profile, error) {
	p, ok := profile.ByID(id)
	if !ok {
		var ids []string
		for _, p := range profile.All() {
			ids = append(ids, p.ID)
		}
		return nil, fmt.Errorf("there is no profile %s. Known are:\n  %s", printable(ingest.Redact(id)), strings.Join(ids, "\n  "))
	}
	return p, nil
}

// typed is an argument as it stands; for - it is what standard input has.
func typed(arg string, stdin io.Reader, stderr io.Writer) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	if terminal(stdin) {
		fmt.Fprintln(stderr, "Paste the URL, then press Enter and Ctrl-D.")
	}
	b, err := io.ReadAll(io.LimitReader(stdin, maxURL))
	if err != nil {
		return "", fmt.Errorf("standard input cannot be read: %v", bare(err))
	}
	return oneNewlineLess(string(b)), nil
}

// deliver writes a report: raw JSON, or as text where that is nil.
func deliver(w io.Writer, raw []byte, text func(report)) error {
	out := bufio.NewWriter(w)
	if raw != nil {
		_, _ = out.Write(append(raw, '\n'))
	} else {
		text(report{out, colours(w)})
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	return nil
}

// exit is the status of a command whose report is written.
func exit(interrupted bool, v *diag.Verdict) int {
	switch {
	case interrupted:
		return ExitInterrupted
	case v.Errors > 0:
		return ExitFindings
	}
	return ExitClean
}
