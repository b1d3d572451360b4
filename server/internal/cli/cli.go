// Package cli holds the commands of the terminal: what they read, print and
// answer to the shell.
package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// Exit statuses.
const (
	ExitClean       = 0   // no finding of level error
	ExitFindings    = 1   // some finding of level error
	ExitUnusable    = 2   // the input could not be read (to its end), or the call is wrong
	ExitInterrupted = 130 // stopped by the person: 128 + SIGINT, as shells have it
)

// WriteJSON prints v, indented.
func WriteJSON(stdout, stderr io.Writer, v any) int {
	enc := json.NewEncoder(stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return written(stderr, enc.Encode(v))
}

// Profiles lists the profiles, one a line.
func Profiles(stdout, stderr io.Writer) int {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, p := range profile.All() {
		name := p.Name
		if p.Retired != "" {
			name += " (switched off " + p.Retired + ")"
		}
		fmt.Fprintf(w, "%s\t%s\n", p.ID, name)
	}
	return written(stderr, w.Flush())
}

// Rules lists the rules, one a line, family by family.
func Rules(stdout, stderr io.Writer) int {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	family := rules.Family("")
	for _, r := range rules.All() {
		if r.Family != family {
			if family != "" {
				fmt.Fprintln(w)
			}
			family = r.Family
			fmt.Fprintf(w, "%s\n", family)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.ID, r.Severity, r.Title)
	}
	return written(stderr, w.Flush())
}

// written turns an error of printing into an exit status. A reader that has
// gone (| head) is no reason to complain, but the result is not whole.
func written(stderr io.Writer, err error) int {
	if err == nil {
		return ExitClean
	}
	fmt.Fprintln(stderr, "ingestdoctor: the output could not be written:", err)
	return ExitUnusable
}
