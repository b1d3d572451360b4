package analyze

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
)

// ofFile are the rules that speak of the file around the media, and of the time
// in it where a push has a clock: a push is judged without them or by another clock.
var ofFile = []string{
	"flv-signature", "flv-header", "flv-header-flags", "flv-truncated", "flv-previous-tag-size", "flv-stream-id", "flv-garbage", "idle-gap",
}

// whole reports whether a file is nothing but whole tags, as a push is.
func whole(file []byte) bool {
	if len(file) < 13 || string(file[:5]) != "FLV\x01\x05" {
		return false
	}
	for file = file[13:]; len(file) > 0; {
		if len(file) < 15 {
			return false
		}
		n := 11 + int(binary.BigEndian.Uint32(file)&0xffffff)
		switch file[0] {
		case flv.TypeAudio, flv.TypeVideo, flv.TypeScript, flv.TypeAMF3:
		default:
			return false
		}
		if len(file) < n+4 || int(binary.BigEndian.Uint32(file[n:])) != n {
			return false
		}
		file = file[n+4:]
	}
	return true
}

// TestALivePushSaysWhatItsFileSays: arrival aside, and what a file's header promises.
func TestALivePushSaysWhatItsFileSays(t *testing.T) {
	type recording struct{ name, profile, file string }
	var list []recording
	for _, c := range slices.Concat(metadataFaults, codecFaults, limitFaults, timeFaults, keyframeFaults) {
		list = append(list, recording{c.name, c.profile, string(c.build())})
	}
	for _, c := range healthy {
		list = append(list, recording{c.name, "", string(c.build())})
	}
	n := 0
	for _, c := range list {
		file := []byte(c.file)
		if !whole(file) || len(file) > 8<<20 {
			continue
		}
		n++
		if c.profile == "" {
			c.profile = "generic"
		}
		want := analyse(t, c.profile, file, 0)
		p, _ := profile.ByID(c.profile)
		header, tags := messages(file)
		s := session{t: t, live: NewLive(Options{Profile: p, Size: -1})}
		_, _ = s.live.Write(header)
		ordered(tags)
		for i := range tags {
			tags[i].at = min(tags[i].at, 3600*1000) // some clocks leap by days
		}
		for i := 0; i < len(tags); i += 500 { // looking changes nothing
			s.look = append(s.look, moment{tags[i].at, func(*testing.T, *diag.Report) {}})
		}
		s.play(tags)
		got := s.live.Close(diag.StateComplete, "")
		sound(t, got)
		kept := func(r *diag.Report) []byte {
			left := []diag.Finding{}
			for _, f := range r.Findings {
				by, _ := f.Args.Get("promised_by")
				if !slices.Contains(ofFile, f.Rule) && !arrival(f.Rule) && by.Text != "the file header" {
					left = append(left, f)
				}
			}
			b, err := json.Marshal([]any{left, r.Media, r.Series})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if a, b := kept(got), kept(want); !bytes.Equal(a, b) {
			t.Errorf("%s: live\n%s\nfile\n%s", c.name, head(a, b), head(b, a))
		}
		for _, c := range got.Checks {
			if slices.Contains(ofFile, c.Rule) && c.Rule != "idle-gap" && c.State != diag.CheckNA {
				t.Errorf("%s: %s is %s for a push", c.Rule, c.Rule, c.State)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d recordings are whole", n)
	}
}
