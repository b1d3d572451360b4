package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Modules gives the node_modules folder of web/e2e, installed from the
// committed lock file when it is not there or out of date.
func Modules(ctx context.Context) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "web", "e2e")
	modules := filepath.Join(dir, "node_modules")

	// Tests of two packages may come here at once.
	lock, err := os.OpenFile(filepath.Join(dir, "package.json"), os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	want, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", err
	}
	have, err := os.Stat(filepath.Join(modules, ".package-lock.json"))
	if err == nil && !have.ModTime().Before(want.ModTime()) {
		return modules, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci in web/e2e: %w\n%s", err, out)
	}
	return modules, nil
}
