package check

import (
	"strconv"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/flv"
)

var keysRules = []string{"keyframe-first", "keyframe-interval", "keyframe-irregular", "keyframe-flag", "audio-backlog", "track-missing"}

// minIntervals is how many closed intervals a rhythm needs to be called irregular.
const minIntervals = 4

// keys checks key frames, and what the tracks owe each other.
type keys struct {
	none
	p *Pass

	first, interval, irregular, flag, backlog, track *rule

	ahead int64 // ms of audio ahead from which it is judged
}

// keysTrack is a track's state.
type keysTrack struct {
	at      diag.Media // key frame (or first frame) that opens the interval
	isKey   bool       // it is a key frame
	bytes   int64      // of the track before it
	idr     uint64     // NAL unit types that mean a new start, as bits
	paused  int64      // leaps of the timestamps since then, in ms
	noKey   int64      // coded frames before the first key frame
	noBytes int64
	first   *fold // keyframe-first

	gops intervals
}

func newKeys(p *Pass) *keys {
	k := &keys{
		p:     p,
		first: p.rule("keyframe-first"), interval: p.rule("keyframe-interval"), irregular: p.rule("keyframe-irregular"),
		flag: p.rule("keyframe-flag"), backlog: p.rule("audio-backlog"), track: p.rule("track-missing"),
	}
	k.ahead = 1 << 62
	if v := lowest(&p.Profile.AudioBacklog); v > 0 {
		k.ahead = int64(v)
	}
	return k
}

// Coded judges a coded video frame that is a key frame, comes before the first
// one, holds an IDR picture, or leaps. What the tag says is what a platform goes
// by; where the picture inside says otherwise, keyframe-flag tells.
func (k *keys) Coded(t *flv.Tag, f *flv.Frame, tr *Track) {
	kt := &tr.keys
	if tr.leaped {
		kt.paused += tr.Delta - tr.cadence
	}
	key := f.Type == 1 || f.Type == 4
	if f.NAL.SliceSeen {
		k.compare(t, f, tr, key)
	}
	switch {
	case key:
		k.keyFrame(t, tr)
	case tr.Frames == 0:
		kt.at = at(t, tr)
		kt.noKey, kt.noBytes = 1, int64(f.Bytes)
		if kt.first = k.first.hit(0, tr, kt.at); kt.first != nil {
			kt.first.reset().whole("frames", 1).whole("bytes", kt.noBytes)
		}
	case tr.Keys == 0:
		kt.noKey++
		kt.noBytes += int64(f.Bytes)
		if h := kt.first; h != nil {
			h.count, h.last = kt.noKey, at(t, tr)
			h.reset().whole("frames", kt.noKey).whole("bytes", kt.noBytes)
		}
	}
}

// keyFrame closes the interval that was open.
func (k *keys) keyFrame(t *flv.Tag, tr *Track) {
	kt := &tr.keys
	if tr.Frames > 0 {
		k.judge(tr, t.Timestamp, false)
		if kt.isKey {
			if d := t.Timestamp - kt.at.TimestampMS; d >= 0 {
				kt.gops.add(kt.at.TimestampMS, max(d-kt.paused, 0))
			}
		}
		if h := kt.first; h != nil && tr.Keys == 0 && t.Timestamp >= tr.FirstMS {
			h.whole("late_ms", t.Timestamp-tr.FirstMS)
		}
	}
	tr.Keys++
	kt.at, kt.isKey, kt.bytes, kt.paused = at(t, tr), true, tr.Bytes, 0
}

// judge holds the interval up to ts against the limits; open: the recording
// ends there. Time that the timestamps leapt over does not count: no frames are
// missing in it, and other rules tell of it.
func (k *keys) judge(tr *Track, ts int64, open bool) {
	kt := &tr.keys
	from := kt.at.TimestampMS
	length := ts - from - kt.paused
	if length < 0 {
		length = 0
	}
	p := k.p.Profile
	bytes := tr.Bytes - kt.bytes
	sev, limit, basis := p.KeyframeMS.Judge(float64(length))
	bsev, blimit, bbasis := p.KeyframeBytes.Judge(float64(bytes))
	if sev == diag.Off && bsev == diag.Off {
		return
	}
	cause := uint8(0)
	if bsev > sev {
		sev, basis, cause = bsev, bbasis, 1
	}
	h := k.interval.hitAs(sev, basis, cause, tr, kt.at)
	worst := float64(length)
	if cause == 1 {
		worst = float64(bytes)
	}
	if h == nil || !h.worse(worst) {
		return
	}
	h.reset().whole("start_ms", from).whole("end_ms", ts).whole("interval_ms", length)
	if cause == 0 {
		h.whole("limit_ms", int64(limit))
	}
	h.whole("bytes", bytes)
	if bsev != diag.Off {
		h.whole("limit_bytes", int64(blimit))
	}
	if open {
		h.truth("open", true)
	}
	switch {
	case tr.Keys == 0 && open:
		h.text("reason", "There is no key frame at all")
	case !kt.isKey:
		h.text("reason", "The video does not begin with a key frame")
	case kt.paused > 0:
		h.text("reason", "Leaps of the timestamps in between are left out")
	}
}

// compare holds the tag's flag against the NAL units inside.
func (k *keys) compare(t *flv.Tag, f *flv.Frame, tr *Track, key bool) {
	n := &f.NAL
	if n.Broken || !n.Walked || t.Truncated {
		return
	}
	if key == (n.Types&tr.keys.idr != 0) {
		return
	}
	if key {
		// A picture that is coded by itself may rightly be flagged, and so may one
		// with a recovery point (intra refresh), which an SEI message announces.
		sei := uint64(1 << 6)
		if f.Codec == flv.HEVC {
			sei = 1 << 39
		}
		if n.RandomAccess(f.Codec) || n.Intra || n.Types&sei != 0 {
			return
		}
	}
	cause, flag, found := uint8(0), "key frame", "a picture that refers to others"
	if !key {
		cause, flag, found = 1, "inter frame", "an IDR picture"
	}
	h := k.flag.hit(cause, tr, at(t, tr))
	if h != nil && h.count == 1 {
		h.reset().text("flag", flag).text("found", found).text("codec", tr.CodecName()).text("nal_types", nalTypes(n.Types))
	}
}

// idrTypes are the NAL unit types of pictures that need nothing before them: IDR
// in AVC, BLA and IDR in HEVC.
func idrTypes(c flv.Codec) uint64 {
	switch c {
	case flv.AVC:
		return 1 << 5
	case flv.HEVC:
		return 0x1f << 16
	}
	return 0
}

func nalTypes(set uint64) string {
	var b []byte
	for i := range 64 {
		if set&(1<<i) == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, int64(i), 10)
	}
	return string(b)
}

// behind notes video that comes after much later audio.
func (k *keys) behind(t *flv.Tag, tr, audio *Track) {
	if k.p.Stream.graceTr != nil {
		return
	}
	by := audio.LastMS - t.Timestamp
	if by <= k.ahead {
		return
	}
	h, limit := k.backlog.judge(&k.p.Profile.AudioBacklog, float64(by), 0, tr, at(t, tr))
	if h != nil && h.worse(float64(by)) {
		h.reset().whole("start_ms", t.Timestamp).whole("end_ms", audio.LastMS).whole("ahead_ms", by).whole("limit_ms", int64(limit))
	}
}

// Close judges the intervals that are still open, their rhythm, and tracks that
// never came.
func (k *keys) Close(e *End) {
	st := k.p.Stream
	rhythm := false
	for _, tr := range st.Tracks {
		if tr.Kind != Video || tr.Frames == 0 {
			continue
		}
		k.judge(tr, tr.LastMS, true)
		rhythm = k.rhythm(tr) || rhythm
	}
	if st.Main[Video] == nil {
		for _, r := range [...]*rule{k.first, k.interval, k.irregular, k.flag} {
			r.na("there is no video")
		}
	} else if !rhythm {
		k.irregular.na("there are fewer than " + strconv.Itoa(minIntervals) + " whole intervals")
	}
	if st.Main[Video] == nil || st.Main[Audio] == nil {
		k.backlog.na("there is only one track")
	}
	k.promised(e)
}

// rhythm judges how even the intervals are; false when there are too few.
func (k *keys) rhythm(tr *Track) bool {
	g := &tr.keys.gops
	if g.Count < minIntervals {
		return false
	}
	median := g.Median()
	if median <= 0 {
		return true
	}
	h, limit := k.irregular.judge(&k.p.Profile.KeyframeIrregular, float64(g.Max)/float64(median), 0, tr,
		diag.Media{Tag: -1, TimestampMS: g.maxFrom, Track: tr.Name})
	if h != nil {
		h.reset().whole("shortest_ms", g.Min).whole("median_ms", median).whole("longest_ms", g.Max).whole("start_ms", g.maxFrom).number("limit_ratio", limit)
	}
	return true
}

// promised looks for tracks that somebody promised or needs.
func (k *keys) promised(e *End) {
	st := k.p.Stream
	if st.Main[Video] == nil && st.Main[Audio] == nil || st.Encrypted > 0 {
		k.track.na("there is no audio and no video that can be read")
		return
	}
	p := k.p.Profile
	for i, name := range [...]string{"video", "audio"} {
		if st.Main[i] != nil {
			continue
		}
		if st.tooShort(e) {
			k.track.open = true
			continue
		}
		need, header, meta := &p.NeedVideo, st.Header.HasVideo(), st.declaredVideo
		if i == int(Audio) {
			need, header, meta = &p.NeedAudio, st.Header.HasAudio(), st.declaredAudio
		}
		by := ""
		switch {
		case meta:
			by = "the metadata"
		case header:
			by = "the file header"
		}
		sev, basis := k.track.sev, k.track.basis
		if need.Severity != diag.Off {
			sev, basis = need.Severity, need.Basis
		} else if by == "" {
			continue
		}
		h := k.track.hitAs(sev, basis, uint8(i), nil, diag.Media{Tag: -1, Track: name})
		if h == nil {
			continue
		}
		h.reset().text("track", name)
		if by != "" {
			h.text("promised_by", by)
		}
		if need.Severity != diag.Off {
			h.text("needed_by", p.Short)
		}
	}
}
