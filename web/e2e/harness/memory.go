package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is the proportional set size, in bytes, of a process and all its
// descendants: what they really take, shared pages counted once. The part that
// belongs to files (the program's own code) is left out.
func Memory(pid int) (int64, error) {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// pid (name) state ppid ...; the name may hold anything
		rest := b[bytes.LastIndexByte(b, ')')+1:]
		fields := strings.Fields(string(rest))
		if len(fields) < 2 {
			continue
		}
		self, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], self)
	}
	var total int64
	found := false
	for todo := []int{pid}; len(todo) > 0; {
		p := todo[0]
		todo = append(todo[1:], children[p]...)
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			continue
		}
		found = true
		for line := range strings.Lines(string(b)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "Pss_Anon", "Pss_Shmem":
				kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
				total += kb << 10
			}
		}
	}
	if !found {
		return 0, fmt.Errorf("no process %d", pid)
	}
	return total, nil
}

// Watch samples Memory until stop is called, which gives the first value and
// the highest.
func Watch(pid int, every time.Duration) (stop func() (first, peak int64)) {
	var mu sync.Mutex
	first, _ := Memory(pid)
	peak := first
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-quit:
				return
			case <-time.After(every):
			}
			m, _ := Memory(pid)
			mu.Lock()
			peak = max(peak, m)
			mu.Unlock()
		}
	}()
	return func() (int64, int64) {
		close(quit)
		<-ended
		return first, peak
	}
}
