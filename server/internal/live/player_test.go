package live_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
	"ingestdoctor/server/internal/rtmp"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/flv/flvtest"
)

// opening is what an encoder says from the handshake to publish, without waiting
// for an answer, which RTMP allows.
func opening(app, key string, fields ...any) []byte {
	shake := rtmp.NewClientHandshake()
	b := append([]byte{3}, shake.C1[:]...)
	b = append(b, shake.C1[:]...) // C2 ought to repeat S1; nobody minds
	object := rtmp.Object(append([]any{"app", app, "type", "nonprivate", "flashVer", "Player/1", "tcUrl", "rtmp://127.0.0.1/" + app}, fields...)...)
	b = rtmp.AppendMessage(b, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("connect", 1, object), 128)
	b = rtmp.AppendControl(b, rtmp.SetChunkSize, 4096)
	for _, body := range [][]byte{
		rtmp.AppendCommand("releaseStream", 2, rtmp.Null(), flv.Str(key)), rtmp.AppendCommand("FCPublish", 3, rtmp.Null(), flv.Str(key)),
		rtmp.AppendCommand("createStream", 4, rtmp.Null()),
	} {
		b = rtmp.AppendMessage(b, 3, rtmp.CommandAMF0, 0, body, 4096)
	}
	return rtmp.AppendMessage(b, 4, rtmp.CommandAMF0, 1, rtmp.AppendCommand("publish", 5, rtmp.Null(), flv.Str(key), flv.Str("live")), 4096)
}

// played is an FLV file as messages, up to where it is none.
func played(file []byte) (b []byte) {
	for at := 13; at+11 <= len(file); {
		n := int(file[at+1])<<16 | int(file[at+2])<<8 | int(file[at+3])
		ms := uint32(file[at+4])<<16 | uint32(file[at+5])<<8 | uint32(file[at+6]) | uint32(file[at+7])<<24
		if at+11+n > len(file) {
			break
		}
		body := file[at+11 : at+11+n]
		switch typ := file[at]; typ {
		case rtmp.Audio, rtmp.Video, rtmp.DataAMF3:
			b = rtmp.AppendMessageAt(b, uint32(typ)-2, typ, 1, ms, body, 4096)
		case rtmp.Data:
			b = rtmp.AppendMessageAt(b, 4, typ, 1, ms, append([]byte("\x02\x00\x0d@setDataFrame"), body...), 4096)
		}
		at += 11 + n + 4
	}
	return b
}

// goodbye ends a stream.
func goodbye(key string) []byte {
	b := rtmp.AppendMessage(nil, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("FCUnpublish", 6, rtmp.Null(), flv.Str(key)), 4096)
	return rtmp.AppendMessage(b, 3, rtmp.CommandAMF0, 0, rtmp.AppendCommand("deleteStream", 7, rtmp.Null(), flv.Num(1)), 4096)
}

// send pushes bytes through the tap and waits until the other side has closed.
func (s *stream) send(b []byte) (answer []byte) {
	s.t.Helper()
	c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", s.tap.port))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	done := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(c)
		done <- all
	}()
	if _, err := c.Write(b); err != nil {
		s.t.Errorf("the push was cut: %v", err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		s.t.Errorf("closing: %v", err)
	}
	return <-done
}

// fixtures are files in which this and that is wrong, by name.
func fixtures() map[string][]byte {
	enhanced := flvtest.New().Script(0, flvtest.MetaData(flvtest.N("width", 1280), flvtest.N("height", 720), flvtest.N("framerate", 25)))
	enhanced.Video(0, flvtest.ExVideo(1, 0, "av01", flvtest.AV1Record(1280, 720)))
	for i := range 100 {
		kind := byte(2)
		if i%50 == 0 {
			kind = 1
		}
		enhanced.Video(int64(i*40), flvtest.NanoOffset(flvtest.ExVideo(kind, 1, "av01", bytes.Repeat([]byte{byte(i)}, 900)), 250_000))
	}
	return map[string][]byte{
		"healthy":             flvtest.Healthy(6, 30, 2).Bytes(),
		"HEVC":                flvtest.Stream{Seconds: 4, HEVC: true}.Build().Bytes(),
		"AV1, ModEx":          enhanced.Bytes(),
		"B-frames":            flvtest.Stream{Seconds: 4, BFrames: 2}.Build().Bytes(),
		"one key frame":       flvtest.Stream{Seconds: 16, GOP: 16}.Build().Bytes(),
		"no metadata":         flvtest.Stream{Seconds: 4, NoMetaData: true}.Build().Bytes(),
		"no video config":     flvtest.Stream{Seconds: 4, NoVideoConfig: true}.Build().Bytes(),
		"audio only":          flvtest.Stream{Seconds: 4, NoVideo: true}.Build().Bytes(),
		"from a later time":   flvtest.Stream{Seconds: 4, StartMS: 1 << 24}.Build().Bytes(),
		"time goes back":      flvtest.Stream{Seconds: 4, Each: func(t *flvtest.Tag) { t.Timestamp -= 500 * int64(t.Index/200) }}.Build().Bytes(),
		"time leaps":          flvtest.Stream{Seconds: 4, Each: func(t *flvtest.Tag) { t.Timestamp += 20_000 * int64(t.Index/200) }}.Build().Bytes(),
		"Annex B":             flvtest.New().Video(0, flvtest.AVCConfig(flvtest.SPS{Width: 640, Height: 360, FPS: 30})).Video(0, flvtest.AnnexB(1, flvtest.Slice(0x65, 7, 400))).Bytes(),
		"metadata not AMF":    flvtest.New().Script(0, []byte{2, 0, 10, 'o', 'n', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a', 99}).Video(0, flvtest.AVCConfig(flvtest.SPS{})).Video(0, flvtest.IDR(900, 0)).Bytes(),
		"frames without data": flvtest.New().Video(0, nil).Audio(0, nil).Video(0, flvtest.AVCConfig(flvtest.SPS{})).Video(0, flvtest.IDR(900, 0)).Video(33, []byte{0x27}).Bytes(),
	}
}

// samplesDir holds recordings that this project did not write; where they are
// missing the fixtures alone are pushed.
const samplesDir = "../../../../shared/samples"

// A file that is pushed raises what it raises as a file, whatever is in it.
func TestFilesPushed(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: time.Millisecond, Return: time.Millisecond})
	files := fixtures()
	samples, _ := filepath.Glob(filepath.Join(samplesDir, "*.flv"))
	for _, path := range samples {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".flv")] = b
	}
	if len(samples) == 0 {
		t.Log("the shared recordings are not here: only the fixtures are pushed")
	}
	for name, file := range files {
		for _, id := range []string{"generic", "azure-live-encoding"} {
			t.Run(name+" "+id, func(t *testing.T) {
				s := r.session(t, live.Request{Profile: id})
				push := append(append(opening(s.App, s.Key), played(file)...), goodbye(s.Key)...)
				s.send(push)
				v := s.ended()
				if v.End != live.EndedFinished {
					t.Fatalf("the session ended %q: %s\n%s", v.End, v.EndText, entries(v))
				}
				report := parse(t, v.Report)
				s.sameAsFile(t, report, id)
				if name == "healthy" {
					if grave, infos := found(report); strings.Join(append(grave, infos...), " ") != "burst" {
						t.Errorf("6 s at once: %v %v\n%s", grave, infos, tell(report))
					}
				}
			})
		}
	}
}

// What an encoder says of Enhanced RTMP is shown, and answered in kind.
func TestEnhancedConnect(t *testing.T) {
	t.Parallel()
	r := newRig(t, live.Config{Goodbye: time.Millisecond})
	s := r.session(t, live.Request{})
	list := flv.AMFValue{Kind: flv.AMFStrictArray, Items: []flv.AMFValue{flv.Str("av01"), flv.Str("hvc1"), flv.Str("Opus")}}
	push := opening(s.App, s.Key, "fourCcList", list, "capsEx", 7.0, "videoFourCcInfoMap", rtmp.Object("av01", 2.0))
	push = append(append(push, played(fixtures()["AV1, ModEx"])...), goodbye(s.Key)...)
	answer := s.send(push)
	v := s.ended()
	c := v.Connections[0]
	shown := fmt.Sprint(c.Enhanced)
	for _, want := range []string{"AV1", "HEVC", "Opus"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is not in what is shown of Enhanced RTMP: %s", want, shown)
		}
	}
	if !bytes.Contains(answer, []byte("fourCcList")) || !bytes.Contains(answer, []byte("capsEx")) {
		t.Error("the answer to connect says nothing of Enhanced RTMP")
	}
	if m := parse(t, v.Report).Media; !m.Enhanced || m.Tracks[0].Codec != "AV1" {
		t.Errorf("media %+v", m)
	}
	// An encoder that says nothing of it is told nothing.
	plain := r.session(t, live.Request{})
	answer = plain.send(append(opening(plain.App, plain.Key), goodbye(plain.Key)...))
	if bytes.Contains(answer, []byte("fourCcList")) || len(plain.ended().Connections[0].Enhanced) > 0 {
		t.Error("Enhanced RTMP turns up where the encoder did not name it")
	}
}
