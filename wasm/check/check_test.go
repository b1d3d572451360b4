package check

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
)

// TestSuiteRunsEveryCheck holds the suite, which calls the observers by their
// types, against the list.
func TestSuiteRunsEveryCheck(t *testing.T) {
	s := NewSuite(NewPass(nil))
	running := []Observer{s.container, s.metadata, s.codecs, s.limits, s.time, s.keys}
	all := All()
	if len(running) != len(all) {
		t.Fatalf("%d observers run, %d checks are listed", len(running), len(all))
	}
	for i, c := range all {
		p := NewPass(nil)
		o := c.New(p)
		if reflect.TypeOf(o) != reflect.TypeOf(running[i]) {
			t.Errorf("%s makes a %T, the suite runs a %T", c.Family, o, running[i])
		}
		var asked []string
		for _, r := range p.rules {
			asked = append(asked, r.id)
			if rule, ok := rules.ByID(r.id); !ok || rule.Family != c.Family {
				t.Errorf("%s asks for %s", c.Family, r.id)
			}
		}
		want := slices.Clone(c.Rules)
		slices.Sort(asked)
		slices.Sort(want)
		if !slices.Equal(asked, want) {
			t.Errorf("%s declares %v and asks for %v", c.Family, want, asked)
		}
	}
}

func TestFolding(t *testing.T) {
	p := NewPass(nil)
	r := p.rule("nal-format")
	if p.rule("nal-format") != r {
		t.Error("a rule is made twice")
	}
	a, b := &Track{Name: "video"}, &Track{Name: "video:1"}
	for i := range 10 {
		r.hit(0, a, diag.Media{Offset: int64(i), Tag: int64(i)})
		r.hit(1, a, diag.Media{Offset: int64(100 + i)})
		r.hit(0, b, diag.Media{Offset: int64(200 + i)})
		r.hitAs(diag.Info, diag.Ours, 0, a, diag.Media{Offset: int64(300 + i)})
	}
	list := p.Findings()
	if len(list) != 4 {
		t.Fatalf("%d findings", len(list))
	}
	for i, want := range []int64{0, 100, 200, 300} {
		f := list[i]
		if f.Offset != want || f.Count != 10 || f.Last == nil || f.Last.Offset != want+9 {
			t.Errorf("finding %d: %+v", i, f)
		}
	}
	if list[3].Severity != diag.Info {
		t.Error("infos do not come last")
	}
	// Beyond the bound nothing new is kept, but counted.
	for i := range 100 {
		r.hit(uint8(10+i), a, diag.Media{})
	}
	if n := len(r.folds); n != maxFolds {
		t.Errorf("%d findings are kept", n)
	}
	var sum int64
	for _, f := range r.folds {
		sum += f.count
	}
	if sum != 140 {
		t.Errorf("%d occurrences are counted", sum)
	}
}

func TestOffMeansOff(t *testing.T) {
	p := *profile.Default()
	p.Overrides = []profile.Override{{Rule: "nal-format", Severity: diag.Off}, {Rule: "keyframe-interval", Severity: diag.Off}}
	pass := NewPass(&p)
	if f := pass.rule("nal-format").hit(0, nil, nowhere); f != nil {
		t.Error("a rule that is off is raised")
	}
	if f, _ := pass.rule("keyframe-interval").judge(&p.KeyframeMS, 1e6, 0, nil, nowhere); f != nil {
		t.Error("a graded rule that is off is raised")
	}
	for _, c := range pass.Checks(true) {
		if c.State != diag.CheckOff {
			t.Errorf("%s is %s", c.Rule, c.State)
		}
	}
}

func TestIntervals(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 5, 1023, 1024, 1025, 4095, 4096, 4097, 20000} {
		var g intervals
		var all []int64
		for i := range n {
			v := int64(rng.ExpFloat64()*2000) + rng.Int64N(50)
			all = append(all, v)
			g.add(int64(i)*1000, v)
		}
		longest := slices.Max(all)
		slices.Sort(all)
		want := all[(n-1)/2]
		slack := int64(0)
		if n > exactIntervals {
			slack = want/25 + 1
		}
		if got := g.Median(); got < want-slack || got > want+slack {
			t.Errorf("%d: median %d, want %d", n, got, want)
		}
		if g.Count != int64(n) || g.Min != all[0] || g.Max != longest {
			t.Errorf("%d: %d from %d to %d", n, g.Count, g.Min, g.Max)
		}
		if len(g.points) > maxPoints || n <= maxPoints && len(g.points) != n {
			t.Errorf("%d: %d points", n, len(g.points))
		}
		most := int64(0)
		for i, p := range g.points {
			most = max(most, p.length)
			if i > 0 && p.from <= g.points[i-1].from {
				t.Errorf("%d: points out of order at %d", n, i)
			}
		}
		if most != longest {
			t.Errorf("%d: the longest of the plot is %d, want %d", n, most, longest)
		}
	}
	for _, v := range []int32{0, 1, 31, 32, 63, 64, 1000, 1 << 20, 1<<31 - 1} {
		if lo := value(bin(v)); lo > int64(v) || float64(lo) < float64(v)*0.96 {
			t.Errorf("%d is in the bin of %d", v, lo)
		}
	}
}

// TestSeconds counts frames in disorder against a plain map.
func TestSeconds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	type sum struct{ video, audio, frames int64 }
	for round := range 50 {
		st := newStream(NewPass(nil))
		got, want := map[int64]sum{}, map[int64]sum{}
		st.Seconds.Done = func(s *Second) {
			if _, twice := got[s.Index]; twice {
				t.Errorf("second %d is done twice", s.Index)
			}
			got[s.Index] = sum{s.Video, s.Audio, s.Frames}
		}
		tracks := [2]*Track{{Kind: Video}, {Kind: Audio}}
		start := rng.Int64N(1 << 40)
		late := int64(rng.IntN(7000))
		for i := range int64(3000) {
			k := Kind(rng.IntN(2))
			ts := start + i*20
			if k == Audio && i > 0 {
				ts = max(ts-rng.Int64N(late+1), start)
			}
			n := 1 + rng.Int64N(1000)
			st.Seconds.add(st, tracks[k], &flv.Tag{Timestamp: ts}, n)
			w := want[(ts-start)/1000]
			if k == Video {
				w.video += n
				w.frames++
			} else {
				w.audio += n
			}
			want[(ts-start)/1000] = w
		}
		st.Seconds.close(start + 60000)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: seconds differ", round)
		}
	}
}

func TestSecondsFollowLeaps(t *testing.T) {
	st := newStream(NewPass(nil))
	var done []int64
	var bytes int64
	st.Seconds.Done = func(s *Second) { done = append(done, s.Index); bytes += s.Video }
	tr := &Track{}
	add := func(ts int64) { st.Seconds.add(st, tr, &flv.Tag{Timestamp: ts}, 10) }
	for _, ts := range []int64{5000, 5500, 6000, 3_605_000, 3_605_500, 1000, 1500, 2500} {
		add(ts)
	}
	st.Seconds.close(2600)
	if want := []int64{0, 1, 3600, -4, -3}; !slices.Equal(done, want) || bytes != 80 {
		t.Errorf("seconds %v with %d bytes, want %v", done, bytes, want)
	}
}

func TestShellSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := range 200 {
		v := make([]int32, n)
		for i := range v {
			v[i] = rng.Int32N(50) - 25
		}
		want := slices.Clone(v)
		slices.Sort(want)
		if shellSort(v); !slices.Equal(v, want) {
			t.Fatalf("%d numbers come out as %v", n, v)
		}
	}
}

func TestRound(t *testing.T) {
	for _, c := range []struct {
		v    float64
		d    int
		want float64
	}{{1.25, 1, 1.3}, {-1.25, 1, -1.3}, {29.97003, 2, 29.97}, {5, 0, 5}, {0.04, 1, 0}} {
		if got := round(c.v, c.d); got != c.want {
			t.Errorf("%v to %d decimals is %v", c.v, c.d, got)
		}
	}
	if clip("abcdé", 5) != "abcd..." || clip("abc", 5) != "abc" {
		t.Error("clip")
	}
}

// TestPushRules holds what a push asks for beside a recording's rules against the list.
func TestPushRules(t *testing.T) {
	asked := func(p *Pass) (ids []string) {
		for _, r := range p.rules {
			ids = append(ids, r.id)
		}
		return ids
	}
	file := NewPass(nil)
	NewSuite(file)
	push := NewPass(nil)
	NewPush(push)
	more := asked(push)
	for _, id := range asked(file) {
		if i := slices.Index(more, id); i >= 0 {
			more = slices.Delete(more, i, i+1)
		} else {
			t.Errorf("a push is not held against %s", id)
		}
	}
	var want []string
	for _, c := range PushRules() {
		for _, id := range c.Rules {
			if r, ok := rules.ByID(id); !ok || r.Family != c.Family {
				t.Errorf("%s is listed under %s", id, c.Family)
			}
			want = append(want, id)
		}
	}
	slices.Sort(more)
	slices.Sort(want)
	if !slices.Equal(more, want) {
		t.Errorf("a push asks for %v, listed are %v", more, want)
	}
}
