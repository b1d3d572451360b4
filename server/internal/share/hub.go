package share

import "sync"

// hub wakes whoever watches an item.
type hub struct {
	mu       sync.Mutex
	watchers map[ID]map[chan struct{}]struct{}
}

func newHub() *hub { return &hub{watchers: map[ID]map[chan struct{}]struct{}{}} }

func (h *hub) watch(id ID) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1) // one waits: what changed is looked up anyway
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[id] == nil {
		h.watchers[id] = map[chan struct{}]struct{}{}
	}
	h.watchers[id][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers[id], ch)
		if len(h.watchers[id]) == 0 {
			delete(h.watchers, id)
		}
	}
}

func (h *hub) wake(id ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.watchers[id] {
		poke(ch)
	}
}

// wakeAll is for when something may have been missed.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, all := range h.watchers {
		for ch := range all {
			poke(ch)
		}
	}
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
