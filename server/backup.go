package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"ingestdoctor/server/internal/cli"
	"ingestdoctor/server/internal/share"
)

type backupCmd struct {
	Data string `env:"INGESTDOCTOR_DATA" placeholder:"DIR" type:"path" help:"The server's data folder; without it the user's state folder."`
	File string `arg:"" placeholder:"FILE" type:"path" help:"File to write, which must not be there yet."`
}

// Help says how to restore, and what else there is.
func (backupCmd) Help() string {
	return "Copies the shared diagnoses in SQLite, consistently, while the server runs. They stay encrypted: without a link nobody can read the copy. " +
		"To restore: stop the server, remove " + share.SQLiteFile + "-wal and " + share.SQLiteFile + "-shm from the data folder, put the copy there as " + share.SQLiteFile + ", start it. " +
		"PostgreSQL has its own tools: pg_dump, pg_restore."
}

// run copies the database.
func (c backupCmd) run(stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	folder, err := c.Data, error(nil)
	if folder == "" {
		folder, err = stateFolder()
	}
	if err == nil {
		err = share.BackupSQLite(ctx, folder, c.File)
	}
	if err != nil {
		fmt.Fprintln(stderr, "ingestdoctor:", err)
		return cli.ExitUnusable
	}
	fmt.Fprintln(stdout, "copied to", c.File)
	return cli.ExitClean
}
