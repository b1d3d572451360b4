//go:build !js

package flvgen

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// File writes the recording into the folder, unless a whole one is there already,
// and returns its path. It refuses when the disk would be left with under 2 GB.
func (s Spec) File(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, s.Name+".flv")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return "", err
	}
	need := s.Bytes
	if s.DurationMS > 0 {
		need = s.DurationMS * int64(s.VideoKbps+s.AudioKbps+20) / 8
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < need+2e9 {
		return "", fmt.Errorf("%s: %d MB free, %d MB needed", dir, free/1e6, (need+2e9)/1e6)
	}
	f, err := os.CreateTemp(dir, s.Name+".*.part")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if _, err = s.Write(f); err == nil {
		err = f.Close()
	}
	if err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}
