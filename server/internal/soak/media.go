package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"ingestdoctor/server/internal/rtmp"
)

// media is a recording that is sent round and round.
type media struct {
	head  []tag // metadata and configurations, sent once
	round []tag // frames, in order
	ms    int64 // a round takes
}

type tag struct {
	typ  byte
	ms   int64
	body []byte
}

const (
	roundSeconds = 8 // 240 frames of video and 375 of audio to the full
	fps          = 30
	sampleRate   = 48000
)

// makeMedia has FFmpeg encode noise at a constant bitrate.
func makeMedia(ctx context.Context, kbps int) (*media, error) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "round.flv")
	video, size := kbps-130, "1280x720"
	if video < 2000 {
		size = "640x360"
	}
	args := strings.Fields(fmt.Sprintf("-v error -f lavfi -i testsrc2=size=%[5]s:rate=%[1]d:duration=%[2]d,noise=alls=12 -f lavfi -i sine=frequency=440:sample_rate=%[3]d:duration=%[2]d"+
		" -c:v libx264 -preset ultrafast -g 60 -sc_threshold 0 -b:v %[4]dk -minrate %[4]dk -maxrate %[4]dk -bufsize %[4]dk -x264-params nal-hrd=cbr -c:a aac -ac 2 -b:a 128k -f flv",
		fps, roundSeconds, sampleRate, video, size))
	if out, err := exec.CommandContext(ctx, "ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("ffmpeg: %w (Debian: apt-get install ffmpeg)\n%s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &media{ms: roundSeconds * 1000}
	var frames, sounds int64
	for at := 13; at+15 <= len(b); {
		n := int(b[at+1])<<16 | int(b[at+2])<<8 | int(b[at+3])
		if at+11+n > len(b) {
			break
		}
		t := tag{typ: b[at], body: b[at+11 : at+11+n]}
		at += 11 + n + 4
		switch {
		case t.typ == rtmp.Data:
			t.body = append([]byte("\x02\x00\x0d@setDataFrame"), t.body...)
			m.head = append(m.head, t)
		case n < 5:
		case t.body[1] == 0 && (t.typ == rtmp.Audio || t.body[0]&15 == 7): // a configuration
			m.head = append(m.head, t)
		case t.typ == rtmp.Video && t.body[1] == 1 && frames < roundSeconds*fps:
			t.ms = frames * 1000 / fps
			frames++
			m.round = append(m.round, t)
		case t.typ == rtmp.Audio && sounds < roundSeconds*sampleRate/1024:
			t.ms = sounds * 1024 * 1000 / sampleRate
			sounds++
			m.round = append(m.round, t)
		}
	}
	if frames != roundSeconds*fps || sounds != roundSeconds*sampleRate/1024 || len(m.head) != 3 {
		return nil, errors.New("FFmpeg's recording is not as long as it should be")
	}
	return m, nil
}

// mbps is what a push of it takes.
func (m *media) mbps() float64 {
	n := 0
	for _, t := range m.round {
		n += len(t.body)
	}
	return float64(n) * 8 / float64(m.ms) / 1000
}
