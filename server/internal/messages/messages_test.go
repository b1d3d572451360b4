package main

import (
	"os"
	"testing"
)

// The reader of logs knows what the knowledge base says now.
func TestTableIsInSync(t *testing.T) {
	want, err := Source()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../wasm/explain/table.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("wasm/explain/table.go is not what the knowledge base says: go generate ./wasm/explain")
	}
}

func TestPieces(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{"too big message: %uz", "too big message: \x01"},
		{"limit: too many connections: %uD > %i", "limit: too many connections: \x01 > \x01"},
		{"RTMP in chunk stream too big: %D >= %D", "RTMP in chunk stream too big: \x01 >= \x01"},
		{"Number of lagged frames due to rendering lag/stalls: %u (%0.1f%%)", "Number of lagged frames due to rendering lag/stalls: \x01 (\x01%)"},
		{"bitrate of %(actual) is higher than %(expected)s.", "bitrate of \x01 is higher than \x01"},
		{"Disconnected, reconnecting in %2 second(s) (attempt %1)", "Disconnected, reconnecting in \x01 second(s) (attempt \x01)"},
		{"can't publish to path '...' since 'source' is not 'publisher'", "can't publish to path '\x01' since 'source' is not 'publisher'"},
		{"The RTMP encoder did not send the `setDataFrame` command.", "The RTMP encoder did not send the setDataFrame command"},
		{"%s:\n%s (%s)", ""},
		{"connect to rtc failed, reason:$N", "connect to rtc failed, reason:\x01"},
		{"%s codec %s not compatible with flv", "\x01 codec \x01 not compatible with flv"},
		{"音频帧时间戳间隔太大。", "音频帧时间戳间隔太大"},
	} {
		if got := Pieces(c.message); got != c.want {
			t.Errorf("%q: got %q, want %q", c.message, got, c.want)
		}
	}
}

func TestShort(t *testing.T) {
	if got := short("One. A second sentence that goes on until the text is long enough. A third."); got != "One. A second sentence that goes on until the text is long enough." {
		t.Errorf("got %q", got)
	}
}
