package cli

import (
	"context"
	"io"
)

// FLVOptions are the arguments of `ingestdoctor flv`.
type FLVOptions struct {
	File    string // path, or - for Stdin
	Profile string // profile id
	JSON    bool

	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// FLV checks one recording and prints the report.
func FLV(ctx context.Context, o FLVOptions) int { return ExitUnusable }
