package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// everything keeps all messages.
var everything = Limits{Keep: func(byte) int { return 1 << 24 }, Held: 64 << 20, Streams: 256}

func noise(n int) []byte {
	p := make([]byte, n)
	seed := uint32(n) + 1
	for i := range p {
		seed = seed*1664525 + 1013904223
		p[i] = byte(seed >> 24)
	}
	return p
}

// all reads to the end.
func all(t *testing.T, r *Reader) (list []Message, err error) {
	t.Helper()
	for {
		m, err := r.Next()
		if err != nil {
			return list, err
		}
		c := *m
		c.Body = bytes.Clone(m.Body)
		list = append(list, c)
	}
}

func TestMessages(t *testing.T) {
	for _, size := range []int{128, 4096, 65536} {
		var b []byte
		var want []Message
		if size != 128 {
			b = AppendControl(b, SetChunkSize, uint32(size))
			want = append(want, Message{Type: SetChunkSize, ChunkStream: 2, Length: 4, Body: binary.BigEndian.AppendUint32(nil, uint32(size))})
		}
		for _, id := range []uint32{3, 63, 64, 319, 320, 321, 65599} {
			for _, ms := range []uint32{0, 1, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0xffffffff} {
				for _, n := range []int{0, 1, 3, 127, 128, 129, 256, 257, 4096, 70000} {
					body := noise(n)
					b = AppendMessageAt(b, id, Video, 1, ms, body, size)
					want = append(want, Message{Type: Video, ChunkStream: id, Stream: 1, Time: ms, Length: n, Body: body})
				}
			}
		}
		for name, in := range map[string]io.Reader{"whole": bytes.NewReader(b), "in pieces": iotest.HalfReader(bytes.NewReader(b))} {
			got, err := all(t, NewReader(in, everything))
			if err != io.EOF {
				t.Fatalf("%s: %v", name, err)
			}
			if len(got) != len(want) {
				t.Fatalf("%s: %d messages of %d", name, len(got), len(want))
			}
			for i := range want {
				if g, w := got[i], want[i]; g.Type != w.Type || g.ChunkStream != w.ChunkStream || g.Stream != w.Stream || g.Time != w.Time ||
					g.Length != w.Length || !bytes.Equal(g.Body, w.Body) || g.Oversize {
					t.Fatalf("%s: message %d: %d on %d at %d, %d bytes; want %d on %d at %d, %d bytes", name, i,
						g.Type, g.ChunkStream, g.Time, g.Length, w.Type, w.ChunkStream, w.Time, w.Length)
				}
			}
		}
	}
}

// wire is written by hand: chunks as RTMP 1.0, 5.3.1 shows them.
func wire(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case int:
			b = append(b, byte(v))
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

func u24(n int) []byte { return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func TestHeaders(t *testing.T) {
	const full, delta, short, none = 0x00, 0x40, 0x80, 0xc0
	stream1 := []byte{1, 0, 0, 0}
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name string
		in   []byte
		want string // type@time:length, separated by spaces
	}{
		{
			"a delta with and without a length",
			wire(full|4, u24(1000), u24(2), Audio, stream1, "ab", delta|4, u24(20), u24(3), Audio, "abc", short|4, u24(21), "abc"),
			"8@1000:2 8@1020:3 8@1041:3",
		},
		{
			"a delta is repeated where a chunk of type 3 begins a message",
			wire(full|4, u24(0), u24(2), Audio, stream1, "ab", short|4, u24(23), "ab", none|4, "ab", none|4, "ab"),
			"8@0:2 8@23:2 8@46:2 8@69:2",
		},
		{
			"behind a full header a chunk of type 3 repeats its timestamp as a delta, as FFmpeg writes it",
			wire(full|4, u24(23), u24(2), Audio, stream1, "ab", none|4, "ab", none|4, "ab"),
			"8@23:2 8@46:2 8@69:2",
		},
		{
			"messages that are interleaved",
			wire(full|4, u24(5), u24(200), Audio, stream1, long[:128], full|6, u24(7), u24(1), Video, stream1, "v", none|4, long[128:]),
			"9@7:1 8@5:200",
		},
		{
			"a message of no bytes",
			wire(full|4, u24(5), u24(0), Audio, stream1, delta|4, u24(1), u24(0), Audio),
			"8@5:0 8@6:0",
		},
		{
			"an extended timestamp in every chunk",
			wire(full|4, u24(0xffffff), u24(200), Video, stream1, u32(0x1234567), long[:128], none|4, u32(0x1234567), long[128:]),
			"9@19088743:200",
		},
		{
			"an extended timestamp in the first chunk alone",
			wire(full|4, u24(0xffffff), u24(200), Video, stream1, u32(0x1234567), long[:128], none|4, long[128:], full|4, u24(0xffffff), u24(130), Video, stream1, u32(0x1234568), long[:128], none|4, "xy"),
			"9@19088743:200 9@19088744:130",
		},
		{
			"an extended delta, repeated",
			wire(full|4, u24(1), u24(1), Video, stream1, "x", short|4, u24(0xffffff), u32(0x1000000), "y", none|4, u32(0x1000000), "z"),
			"9@1:1 9@16777217:1 9@33554433:1",
		},
		{
			"a timestamp that wraps",
			wire(full|4, u24(0xffffff), u24(1), Video, stream1, u32(0xfffffff0), "x", short|4, u24(32), "y"),
			"9@4294967280:1 9@16:1",
		},
		{
			"an aborted message",
			wire(full|4, u24(5), u24(200), Audio, stream1, long[:128], full|2, u24(0), u24(4), Abort, u32(0), u32(4), full|4, u24(9), u24(1), Audio, stream1, "a"),
			"2@0:4 8@9:1",
		},
		{
			"an abort of nothing",
			wire(full|2, u24(0), u24(4), Abort, u32(0), u32(77)),
			"2@0:4",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []io.Reader{bytes.NewReader(c.in), iotest.OneByteReader(bytes.NewReader(c.in))} {
				got, err := all(t, NewReader(in, everything))
				if err != io.EOF {
					t.Error(err)
				}
				var words []string
				for _, m := range got {
					words = append(words, itoa(int(m.Type))+"@"+itoa(int(m.Time))+":"+itoa(m.Length))
					if len(m.Body) != m.Length {
						t.Errorf("%d bytes of %d", len(m.Body), m.Length)
					}
				}
				if s := strings.Join(words, " "); s != c.want {
					t.Errorf("%s, want %s", s, c.want)
				}
			}
		})
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestRefused(t *testing.T) {
	many := []byte{}
	for id := range byte(61) {
		many = AppendMessage(many, id+3, Ack, 0, nil, 128)
	}
	many = AppendMessageAt(many, 1000, Ack, 0, 0, nil, 128)
	many = AppendMessageAt(many, 1001, Ack, 0, 0, nil, 128)
	big := []byte{}
	for id := range byte(3) {
		big = append(big, wire(int(id)+3, u24(0), u24(MaxCommand), CommandAMF0, u32(0), noise(128))...)
		for range 200 {
			big = append(append(big, 0xc0|(id+3)), noise(128)...)
		}
	}
	for _, c := range []struct {
		name string
		in   []byte
		lim  Limits
		want string
	}{
		{"a chunk size of 1", AppendControl(nil, SetChunkSize, 1), Limits{}, "it sets a chunk size of 1 bytes; less than 128 is not taken"},
		{"a chunk size of 127", AppendControl(nil, SetChunkSize, 127), Limits{}, "chunk size of 127"},
		{"a chunk size of 0", AppendControl(nil, SetChunkSize, 0), Limits{}, "chunk size of 0"},
		{"a chunk size with its first bit set", AppendControl(nil, SetChunkSize, 1<<31|4096), Limits{}, "chunk size of 2147487744"},
		{"a chunk size over the limit", AppendControl(nil, SetChunkSize, 1<<20+1), Limits{MaxChunk: 1 << 20}, "chunk size of 1048577"},
		{"a chunk size of three bytes", AppendMessage(nil, 2, SetChunkSize, 0, []byte{0, 16, 0}, 128), Limits{}, "a chunk size of 3 bytes"},
		{"more chunk streams than are taken", many, Limits{Streams: 62}, "more than 62 chunk streams"},
		{"a message inside another", wire(4, u24(0), u24(200), Audio, u32(0), noise(128), 4, u24(0), u24(1), Audio, u32(0), "x"), Limits{}, "begins inside another"},
		{"a chunk of nothing", wire(0xc4), Limits{}, "never began"},
		{"a delta of nothing", wire(0x84, u24(1)), Limits{}, "never began"},
		{"more bytes under way than are taken", big, Limits{Held: 48 << 10}, "more than 49152 bytes under way"},
	} {
		_, err := all(t, NewReader(bytes.NewReader(c.in), c.lim))
		var bad *Error
		if !errors.As(err, &bad) || !strings.Contains(bad.Why, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, size := range []uint32{128, 4096, 60000, 1 << 20, 1<<31 - 1} {
		r := NewReader(bytes.NewReader(AppendControl(nil, SetChunkSize, size)), Limits{})
		if _, err := all(t, r); err != io.EOF || r.ChunkSize() != int(size) {
			t.Errorf("a chunk size of %d: %v, %d in force", size, err, r.ChunkSize())
		}
	}
}

// An end between messages is told apart from one inside.
func TestCut(t *testing.T) {
	whole := AppendMessageAt(nil, 320, Video, 1, 0x1000000, noise(300), 128)
	for n := range len(whole) {
		_, err := all(t, NewReader(bytes.NewReader(whole[:n]), everything))
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		// between two chunks of a message nothing says that more belongs to it but
		// the length: that is an end as well
		if err != want && !(err == io.EOF && (n == 3+11+4+128 || n == 3+11+4+128+3+4+128)) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

// What a header promises takes no memory, what arrives takes at most twice as much.
func TestMemory(t *testing.T) {
	b := AppendControl(nil, SetChunkSize, 1<<30)
	for id := range byte(40) {
		b = append(b, wire(int(id)+3, u24(0), u24(0xffffff), Video, u32(0))...)
		b = append(b, 0) // of a chunk of 16 MB, which then is cut by the next
		break
	}
	r := NewReader(bytes.NewReader(b), everything)
	if _, err := all(t, r); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
	if r.Held() > leastBody {
		t.Errorf("one byte of 16 MB takes %d", r.Held())
	}

	b = nil
	for id := range byte(60) {
		b = append(b, wire(int(id)+3, u24(0), u24(0xffffff), Video, u32(0), noise(128))...)
	}
	for range 100 {
		for id := range byte(60) {
			b = append(append(b, 0xc0|(id+3)), noise(128)...)
		}
	}
	r = NewReader(bytes.NewReader(b), everything)
	if _, err := all(t, r); err != io.EOF {
		t.Error(err)
	}
	if r.Held() > 2*len(b)+60*leastBody {
		t.Errorf("%d bytes take %d", len(b), r.Held())
	}

	// What was thrown away takes none.
	r = NewReader(bytes.NewReader(b), Limits{})
	if _, err := all(t, r); err != io.EOF || r.Held() != 0 {
		t.Errorf("%v, %d bytes kept", err, r.Held())
	}

	// Spares are let go when the room is needed.
	b = nil
	for id := range byte(4) {
		b = AppendMessage(b, id+3, Video, 1, noise(30000), 128)
	}
	b = AppendMessage(b, 9, Video, 1, noise(60000), 128)
	r = NewReader(bytes.NewReader(b), Limits{Held: 100000, Keep: everything.Keep})
	if got, err := all(t, r); err != io.EOF || len(got) != 5 {
		t.Errorf("%v after %d messages", err, len(got))
	}
}

// Several Readers share a budget, and give back what they took.
func TestGrant(t *testing.T) {
	left := 100_000
	lim := Limits{Keep: everything.Keep, Grant: func(n int) bool {
		if n > left {
			return false
		}
		left -= n
		return true
	}}
	begin := func(n int) []byte { // a message of a megabyte that stops after n bytes
		b := AppendMessage(nil, 4, Video, 1, noise(1<<20), 128)
		return b[:n]
	}
	a := NewReader(bytes.NewReader(begin(50_000)), lim)
	if _, err := all(t, a); !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		t.Fatal(err)
	}
	b := NewReader(bytes.NewReader(begin(50_000)), lim)
	var bad *Error
	if _, err := all(t, b); !errors.As(err, &bad) || !strings.Contains(bad.Why, "together") {
		t.Errorf("the second takes as much: %v", err)
	}
	if a.Held() < 49_000*124/128 || left != 100_000-a.Held()-b.Held() {
		t.Errorf("%d left, %d and %d held", left, a.Held(), b.Held())
	}
	a.Close()
	b.Close()
	if left != 100_000 {
		t.Errorf("%d were not given back", 100_000-left)
	}
	// Whole messages, small and large, leave no trace.
	r := NewReader(bytes.NewReader(bytes.Join([][]byte{second(), AppendMessage(nil, 4, Video, 1, noise(20_000), 128)}, nil)), lim)
	if _, err := all(t, r); err != io.EOF {
		t.Error(err)
	}
	if r.Close(); left != 100_000 || r.Held() != 0 {
		t.Errorf("%d left, %d held", left, r.Held())
	}
}

func TestOversize(t *testing.T) {
	b := AppendMessage(nil, 3, CommandAMF0, 0, noise(MaxCommand+1), 128)
	b = AppendMessage(b, 3, CommandAMF0, 0, noise(MaxCommand), 128)
	b = AppendMessage(b, 4, Video, 1, noise(1000), 128)
	got, err := all(t, NewReader(bytes.NewReader(b), Limits{}))
	if err != io.EOF || len(got) != 3 {
		t.Fatalf("%v, %d messages", err, len(got))
	}
	if m := got[0]; !m.Oversize || m.Body != nil || m.Length != MaxCommand+1 {
		t.Errorf("%+v", m)
	}
	if m := got[1]; m.Oversize || len(m.Body) != MaxCommand {
		t.Errorf("%d bytes, oversize %v", len(m.Body), m.Oversize)
	}
	if m := got[2]; m.Oversize || m.Body != nil || m.Length != 1000 {
		t.Errorf("media: %+v", m)
	}
}

// loop gives the same bytes again and again.
type loop struct {
	b  []byte
	at int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.b[l.at:])
	l.at = (l.at + n) % len(l.b)
	return n, nil
}

// second is a second of a push: audio and video in turn, interleaved now and then.
func second() []byte {
	var b []byte
	for i := range 25 {
		n := 15000
		if i == 0 {
			n = 60000
		}
		b = AppendMessageAt(b, 6, Video, 1, uint32(i*40), noise(n), 128)
		b = AppendMessageAt(b, 4, Audio, 1, uint32(i*40), noise(350), 128)
		b = AppendMessageAt(b, 4, Audio, 1, uint32(i*40+21), noise(350), 128)
	}
	return b
}

func TestNoAllocations(t *testing.T) {
	r := NewReader(&loop{b: second()}, everything)
	read := func() {
		for range 75 {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	if n := testing.AllocsPerRun(20, read); n > 0 {
		t.Errorf("%v allocations for 75 messages", n)
	}
}

func BenchmarkReader(b *testing.B) {
	in := second()
	r := NewReader(&loop{b: in}, everything)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		for range 75 {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestAggregate(t *testing.T) {
	tag := func(typ, ms int, body string) []byte {
		b := wire(typ, u24(len(body)), u24(ms), ms>>24, 0, 0, 0, body)
		return append(b, u32(uint32(len(b)))...)
	}
	list := wire(tag(Audio, 5000, "abc"), tag(Video, 5040, "v"), tag(Audio, 5021, ""))
	for _, c := range []struct {
		name string
		body []byte
		ok   bool
		want string
	}{
		{"whole", list, true, "8@1000:abc 9@1040:v 8@1021:"},
		{"without the last size", list[:len(list)-4], true, "8@1000:abc 9@1040:v 8@1021:"},
		{"cut in a body", list[:len(list)-20], false, "8@1000:abc"},
		{"cut in a header", list[:len(list)-10], false, "8@1000:abc 9@1040:v"},
		{"empty", nil, true, ""},
		{"noise", noise(100), false, ""},
	} {
		var got []string
		ok := Split(&Message{Type: Aggregate, Time: 1000, Stream: 1, Body: c.body}, func(m *Message) {
			if m.Stream != 1 || m.Length != len(m.Body) {
				t.Errorf("%s: %+v", c.name, m)
			}
			got = append(got, itoa(int(m.Type))+"@"+itoa(int(m.Time))+":"+string(m.Body))
		})
		if s := strings.Join(got, " "); ok != c.ok || s != c.want {
			t.Errorf("%s: %v, %q", c.name, ok, s)
		}
	}
}
