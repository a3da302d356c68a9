package main

import "sync"

// An event of one resource: which object, in words that only its resource understands.
type event struct {
	version int64
	kind    string
	index   int    // pods
	object  []byte // everything else: JSON
}

// hub hands the events of one resource to its watches and keeps them for those that resume.
type hub struct {
	mutex    sync.Mutex
	kept     []event
	watchers map[chan event]struct{}
}

func newHub() *hub { return &hub{watchers: map[chan event]struct{}{}} }

func (h *hub) publish(e event) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.kept = append(h.kept, e)
	for watcher := range h.watchers {
		watcher <- e
	}
}

// Everything after `version`, then what comes.
func (h *hub) subscribe(version int64) chan event {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var missed []event
	for _, e := range h.kept {
		if e.version > version {
			missed = append(missed, e)
		}
	}
	watcher := make(chan event, len(missed)+100_000)
	for _, e := range missed {
		watcher <- e
	}
	h.watchers[watcher] = struct{}{}
	return watcher
}

func (h *hub) unsubscribe(watcher chan event) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.watchers, watcher)
}
