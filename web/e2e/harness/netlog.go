package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// NetEvent is one entry of Chromium's own network log (--log-net-log), which
// sees what every page, worker and part of the browser asks of the network.
type NetEvent struct {
	Type   string
	At     time.Time
	URL    string
	Method string
	Who    string // origin that asked, where there is one
	Upload bool   // the request carries a body
}

// ReadNetLog gives the starts of requests, connections and look-ups of a
// closed browser's log.
func ReadNetLog(path string) ([]NetEvent, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var log struct {
		Constants struct {
			LogEventTypes  map[string]int `json:"logEventTypes"`
			LogEventPhase  map[string]int `json:"logEventPhase"`
			TimeTickOffset json.Number    `json:"timeTickOffset"`
		} `json:"constants"`
		Events []struct {
			Type   int             `json:"type"`
			Phase  int             `json:"phase"`
			Time   string          `json:"time"`
			Params json.RawMessage `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(raw, &log); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	offset, err := strconv.ParseInt(log.Constants.TimeTickOffset.String(), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: time offset: %w", path, err)
	}
	wanted := map[int]string{}
	for _, name := range []string{"URL_REQUEST_START_JOB", "TCP_CONNECT", "UDP_CONNECT", "HOST_RESOLVER_MANAGER_JOB", "WEBSOCKET_UPGRADE_RESULT"} {
		if id, ok := log.Constants.LogEventTypes[name]; ok {
			wanted[id] = name
		}
	}
	if len(wanted) < 3 {
		return nil, fmt.Errorf("%s: the log's event names have changed", path)
	}
	end := log.Constants.LogEventPhase["PHASE_END"]
	var events []NetEvent
	for _, e := range log.Events {
		name, ok := wanted[e.Type]
		if !ok || e.Phase == end {
			continue
		}
		ticks, err := strconv.ParseInt(e.Time, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: time of an event: %w", path, err)
		}
		var p struct {
			URL       string          `json:"url"`
			Method    string          `json:"method"`
			Initiator string          `json:"initiator"`
			UploadID  json.RawMessage `json:"upload_id"`
			Address   string          `json:"address"`
			Host      string          `json:"host"`
			List      []string        `json:"address_list"`
		}
		_ = json.Unmarshal(e.Params, &p)
		if p.URL == "" {
			p.URL = strings.Join(append(p.List, p.Address, p.Host), " ")
		}
		events = append(events, NetEvent{
			Type: name, At: time.UnixMilli(offset + ticks), URL: strings.TrimSpace(p.URL), Method: p.Method,
			Who: p.Initiator, Upload: len(p.UploadID) > 0,
		})
	}
	return events, nil
}
