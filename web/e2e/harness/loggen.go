package harness

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// BigLog is the path of a log of about that many bytes, made once: what OBS and
// FFmpeg write in turn over days, with a lost connection every few thousand
// lines. Its keys are invented.
func BigLog(bytes int64) (string, error) {
	dir, err := Cache("logs")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("big-%d.log", bytes))
	if st, err := os.Stat(path); err == nil && st.Size() >= bytes {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "big-*.part")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	var n int64
	for i := 0; n < bytes; i++ {
		n += writeHour(w, i)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}

// BigLogKey is a stream key that stands in every hour of BigLog.
const BigLogKey = "live_9b1f04d7c2aa"

// writeHour writes one session: an OBS log, then a screenful of FFmpeg.
func writeHour(w *bufio.Writer, hour int) int64 {
	var n int64
	line := func(format string, args ...any) {
		m, _ := fmt.Fprintf(w, format, args...)
		n += int64(m)
	}
	clock := func(s int) string {
		s += hour % 24 * 3600
		return fmt.Sprintf("%02d:%02d:%02d.%03d", s/3600%24, s/60%60, s%60, s*37%1000)
	}
	line("%s: OBS 30.2.3 (64-bit, windows)\r\n", clock(0))
	line("%s: ==== Streaming Start ===============================================\r\n", clock(1))
	line("%s: [rtmp stream: 'adv_stream'] Connecting to RTMP URL rtmp://live.example.com/app...\r\n", clock(1))
	line("%s: [rtmp stream: 'adv_stream'] Connection to rtmp://live.example.com/app (203.0.113.40) successful\r\n", clock(2))
	for s := 3; s < 3400; s++ {
		switch s % 5 {
		case 0:
			line("%s: [obs-browser: 'Chat'] Info: socket message %d of channel room-%d received, %d users (https://chat.example.com/overlay.js:%d)\r\n", clock(s), s*7, hour%9, 100+s%321, s%977)
		case 1:
			line("%s: adding %d milliseconds of audio buffering, total audio buffering is now %d milliseconds (source: Mic/Aux %d)\r\n", clock(s), 21, 21*(1+s%8), s%3)
		case 2:
			line("%s: Source 'Camera %d' changed visibility: %t; scene 'Main %d'\r\n", clock(s), s%4, s%2 == 0, hour%5)
		case 3:
			line("%s: [Media Source 'intro-%d.mp4']: playing at %d.%02d of %d.00, buffered %d frames\r\n", clock(s), s%17, s%90, s%100, 90, s%60)
		default:
			line("%s: hotkey %d pressed, transition 'Fade' to scene %d finished after %d ms\r\n", clock(s), s%12, s%9, 300+s%7)
		}
	}
	if hour%3 == 0 {
		line("%s: [rtmp stream: 'adv_stream'] WriteN, RTMP send error 10054 (1448 bytes)\r\n", clock(3401))
		line("%s: Output 'adv_stream': Reconnecting in 2.00 seconds..\r\n", clock(3401))
	}
	line("%s: ==== Streaming Stop ================================================\r\n", clock(3402))
	line("Output #0, flv, to 'rtmp://live.example.com/app/%s':\n", BigLogKey)
	for s := range 900 {
		line("frame=%6d fps= 50 q=28.0 size=%9dkB time=00:%02d:%02d.%02d bitrate=%d.%dkbits/s speed=   1x    \r", s*50, s*560, s/60, s%60, s%100, 4480+s%90, s%10)
	}
	line("\n")
	return n
}
