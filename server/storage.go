package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"ingestdoctor/server/internal/share"
)

// storage opens where shared diagnoses are kept: the database that was named,
// else SQLite in the data folder that was named, else in the folder where
// programs of this user keep such things. Only when nobody named anything and
// that folder cannot be used are they kept in memory, and the log says so.
func storage(ctx context.Context, databaseURL, data string, log *slog.Logger) (share.Store, error) {
	if databaseURL != "" {
		store, err := share.OpenPostgres(ctx, databaseURL, log)
		if err == nil {
			log.Info("shared diagnoses are kept in PostgreSQL")
		}
		return store, err
	}
	folder, err := data, error(nil)
	if folder == "" {
		folder, err = stateFolder()
	}
	var store share.Store
	if err == nil {
		if store, err = share.OpenSQLite(ctx, folder); err == nil {
			log.Info("shared diagnoses are kept in SQLite", "folder", folder)
			return store, nil
		}
	}
	if data != "" {
		return nil, err
	}
	log.Warn("shared diagnoses are kept in memory and gone when the server stops: name a folder with --data", "reason", err.Error())
	return share.OpenMemory(ctx)
}

// unusable says what to do about a place that cannot be used.
func unusable(databaseURL string) string {
	if databaseURL != "" {
		return "the database cannot be used: check --database-url"
	}
	return "the data folder cannot be used: name another with --data"
}

// stateFolder is the place by custom: systemd's StateDirectory, else the XDG
// base directory specification's.
func stateFolder() (string, error) {
	if dir := os.Getenv("STATE_DIRECTORY"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "ingestdoctor"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return "", errors.New("there is no home folder")
	}
	return filepath.Join(home, ".local", "state", "ingestdoctor"), nil
}
