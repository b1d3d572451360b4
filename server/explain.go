package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"ingestdoctor/server/internal/cli"
)

type explainCmd struct {
	Profile string `env:"INGESTDOCTOR_PROFILE" placeholder:"ID" help:"Platform to hold settings and rates against; without it the one that the text shows. See: ingestdoctor profiles."`
	JSON    bool   `name:"json" help:"Print the report as JSON."`
	File    string `arg:"" placeholder:"FILE" help:"Log, notification or callback to read, plain or as gzip or zip; - reads standard input."`
}

// Help says what the exit codes mean.
func (explainCmd) Help() string {
	return "Exit status: 0 no finding of level error; 1 some (a file that is no text is one); " +
		"2 the file could not be read, or not to its end, or the call is wrong; 130 interrupted, with the report so far. " +
		"Stream keys, tokens and passwords are masked in all that is printed."
}

func (c explainCmd) run(stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Explain(ctx, cli.ExplainOptions{
		File: c.File, Profile: c.Profile, JSON: c.JSON,
		Stdin: stdin, Stdout: stdout, Stderr: stderr,
	})
}
