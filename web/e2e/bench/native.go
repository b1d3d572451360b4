package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A tool reads one file and is timed as a whole process.
type tool struct {
	name string
	args func(file string) []string
	slow bool // three rounds will do
}

func nativeTools(bin string) []tool {
	return []tool{
		{name: "cat", args: func(f string) []string { return []string{"cat", f} }},
		{name: "dd bs=1M", args: func(f string) []string { return []string{"dd", "bs=1M", "status=none", "if=" + f} }},
		{name: ours, args: func(f string) []string { return []string{bin, "flv", "--json", f} }},
		{name: "flvmeta --check", args: func(f string) []string { return []string{"flvmeta", "--check", f} }},
		{name: "mediainfo", args: func(f string) []string { return []string{"mediainfo", f} }},
		{name: "ffprobe -show_packets", args: func(f string) []string {
			return []string{"ffprobe", "-v", "quiet", "-show_packets", f}
		}, slow: true},
	}
}

const ours = "ingestdoctor"

// outcome of one process: wall time and its own peak memory.
type outcome struct {
	ms  float64
	rss int64
}

func runTool(ctx context.Context, args []string) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return outcome{}, err
	}
	defer null.Close()
	cmd.Stdout = null // the file itself, so that no pipe is in the way
	start := time.Now()
	err = cmd.Run()
	o := outcome{ms: float64(time.Since(start).Microseconds()) / 1000}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.rss = u.Maxrss << 10
	}
	// flvmeta and we say with 1 that something was found.
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return o, fmt.Errorf("%v: %w", args, err)
	}
	return o, nil
}

// warm reads a file once, so that every tool finds it in the page cache.
func warm(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	return err
}

// native times every tool on one file, in turn, round after round.
func native(ctx context.Context, bin, file string, rounds int) (*table, error) {
	if err := warm(file); err != nil {
		return nil, err
	}
	t := newTable()
	for round := range rounds {
		for _, tool := range nativeTools(bin) {
			if tool.slow && round >= 3 {
				continue
			}
			if _, err := exec.LookPath(tool.args(file)[0]); err != nil {
				t.missing(tool.name)
				continue
			}
			o, err := runTool(ctx, tool.args(file))
			if err != nil {
				return nil, err
			}
			t.add(round, tool.name, o.ms)
			t.peak(tool.name, o.rss)
		}
	}
	return t, nil
}
