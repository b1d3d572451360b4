package ui

import (
	"math"
	"strconv"
	"strings"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/rules"
)

// Plot is one plot of a report: what the canvas draws, and the same as a table
// for those who do not see it.
type Plot struct {
	ID     string
	Title  string
	Hint   string // how to read it, one sentence
	Group  string // plots of one group zoom together: time, bytes
	XUnit  string // at (milliseconds as a moment) or bytes
	YUnit  string // kbps, fps, ms, at
	X      []float64
	Series []PlotSeries
	Band   bool      // the area between the first two series is filled
	YKeep  []float64 // values that the vertical axis always shows
	Limits []PlotLimit
}

// PlotSeries is one line.
type PlotSeries struct {
	Label  string
	Role   string // colour: video, audio, accent
	Style  string // steps, thin (dashed steps), line
	Points bool   // mark each value while there is room
	Max    bool   // a table row shows its highest value rather than the mean
	Values []float64
}

// PlotLimit is a horizontal line: a threshold of the profile.
type PlotLimit struct {
	Y        float64
	Severity diag.Severity
	Text     string
}

// plotsOf makes the plots of a report; those with nothing to show have no X.
func plotsOf(r *diag.Report) []Plot {
	s := r.Series
	if s == nil {
		s = &diag.Series{}
	}
	list := []Plot{
		bitratePlot(s),
		{
			ID: "frame-rate", Title: "Frame rate", Hint: "Video frames per second of media time.",
			Group: "time", XUnit: "at", YUnit: "fps", YKeep: []float64{0},
			X:      buckets(s.StartMS, s.StepMS, len(s.FrameRate)),
			Series: []PlotSeries{{Label: "video", Role: "video", Style: "steps", Values: s.FrameRate}},
		},
		gopPlot(s),
		{
			ID: "audio-minus-video", Title: "Audio minus video", Hint: "How far audio timestamps are ahead of video where they stand next to each other in the file; near zero is good.",
			Group: "time", XUnit: "at", YUnit: "ms", YKeep: []float64{-100, 100}, Band: true,
			X: buckets(s.StartMS, s.StepMS, len(s.AVMinMS)),
			Series: []PlotSeries{
				{Label: "lowest", Role: "accent", Style: "line", Values: s.AVMinMS},
				{Label: "highest", Role: "accent", Style: "line", Max: true, Values: s.AVMaxMS},
			},
		},
		{
			ID: "timestamps", Title: "Timestamp against byte offset", Hint: "A healthy recording is one rising line; a step or a fall is a jump of the clock, a flat piece a burst of data.",
			Group: "bytes", XUnit: "bytes", YUnit: "at",
			X: buckets(0, s.ByteStep, max(len(s.VideoByByte), len(s.AudioByByte))),
			Series: []PlotSeries{
				{Label: "video", Role: "video", Style: "line", Max: true, Values: s.VideoByByte},
				{Label: "audio", Role: "audio", Style: "line", Max: true, Values: s.AudioByByte},
			},
		},
	}
	for i := range list {
		p := &list[i]
		p.fit()
		p.limits(&r.Profile)
	}
	return list
}

func bitratePlot(s *diag.Series) Plot {
	return Plot{
		ID: "bitrate", Title: "Bitrate", Hint: "Mean of each step, and the highest second within it.",
		Group: "time", XUnit: "at", YUnit: "kbps", YKeep: []float64{0},
		X: buckets(s.StartMS, s.StepMS, max(len(s.VideoKbps), len(s.AudioKbps))),
		Series: []PlotSeries{
			{Label: "video", Role: "video", Style: "steps", Values: s.VideoKbps},
			{Label: "video peak", Role: "video", Style: "thin", Max: true, Values: s.VideoPeakKbps},
			{Label: "audio", Role: "audio", Style: "steps", Values: s.AudioKbps},
			{Label: "audio peak", Role: "audio", Style: "thin", Max: true, Values: s.AudioPeakKbps},
		},
	}
}

func gopPlot(s *diag.Series) Plot {
	n := min(len(s.GOPStartMS), len(s.GOPLenMS))
	p := Plot{
		ID: "key-frame-interval", Title: "Key frame interval", Hint: "Each step is one interval, from a key frame to the next.",
		Group: "time", XUnit: "at", YUnit: "ms", YKeep: []float64{0},
	}
	values := make([]float64, 0, n+1)
	for i := range n {
		p.X = append(p.X, float64(s.GOPStartMS[i]))
		values = append(values, float64(s.GOPLenMS[i]))
	}
	if n > 0 { // the last step needs an end
		p.X = append(p.X, float64(s.GOPStartMS[n-1]+s.GOPLenMS[n-1]))
		values = append(values, values[n-1])
	}
	p.Series = []PlotSeries{{Label: "interval", Role: "video", Style: "steps", Points: true, Max: true, Values: values}}
	return p
}

func buckets(start, step int64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(start + int64(i)*step)
	}
	return x
}

// fit leaves out the series with nothing in them, gives the others the length
// of X, and a plot without any has no X.
func (p *Plot) fit() {
	kept := p.Series[:0]
	for _, s := range p.Series {
		if !something(s.Values, p.ID == "bitrate") {
			continue
		}
		values := make([]float64, len(p.X))
		for i := range values {
			values[i] = math.NaN()
			if i < len(s.Values) {
				values[i] = s.Values[i]
			}
		}
		s.Values = values
		kept = append(kept, s)
	}
	p.Series = kept
	if len(kept) == 0 {
		p.X = nil
	}
	p.Band = p.Band && len(kept) == 2
	// One bucket alone would be drawn as nothing: it gets an end.
	if len(p.X) == 1 && len(kept) > 0 && kept[0].Style == "steps" {
		p.X = append(p.X, p.X[0]+1000)
		for i := range p.Series {
			p.Series[i].Values = append(p.Series[i].Values, p.Series[i].Values[0])
		}
	}
}

// something reports whether there is any value; zeros do not count where they
// mean that there is no such track.
func something(values []float64, zeroIsNothing bool) bool {
	for _, v := range values {
		if !math.IsNaN(v) && (v != 0 || !zeroIsNothing) {
			return true
		}
	}
	return false
}

// limits draws the profile's thresholds where they are near enough to the
// values to be of use.
func (p *Plot) limits(profile *diag.Profile) {
	var rule string
	var unit string
	switch p.ID {
	case "key-frame-interval":
		rule, unit = "keyframe-interval", "ms"
	case "frame-rate":
		rule, unit = "framerate-exceeded", "fps"
	case "bitrate":
		rule, unit = "bitrate-exceeded", "kbps"
	default:
		return
	}
	top := 0.0
	for _, s := range p.Series {
		for _, v := range s.Values {
			if v > top {
				top = v
			}
		}
	}
	for i := range profile.Limits {
		l := &profile.Limits[i]
		if l.Unit != unit || !contains(l.Rules, rule) {
			continue
		}
		for _, at := range [...]struct {
			y   float64
			sev diag.Severity
		}{{l.Warn, diag.Warning}, {l.Error, diag.Error}} {
			if at.y > 0 && at.y <= 1.6*top {
				p.Limits = append(p.Limits, PlotLimit{at.y, at.sev, at.sev.String() + " above " + p.y(at.y)})
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// y writes a value of the vertical axis.
func (p *Plot) y(v float64) string {
	unit := rules.Millis
	switch p.YUnit {
	case "kbps":
		unit = rules.Kbps
	case "fps":
		unit = rules.PerSec
	case "at":
		unit = rules.At
	}
	return rules.Format(unit, diag.F("", v))
}

// x writes a value of the horizontal axis.
func (p *Plot) x(v float64) string {
	if p.XUnit == "bytes" {
		return offsetText(int64(v))
	}
	return momentText(int64(v))
}

// Summary says in a sentence what a glance at the plot would.
func (p *Plot) Summary() string {
	if len(p.X) == 0 {
		return p.Title + ": nothing to show."
	}
	var b strings.Builder
	b.WriteString(p.Title)
	b.WriteString(", ")
	b.WriteString(p.x(p.X[0]))
	b.WriteString(" to ")
	b.WriteString(p.x(p.X[len(p.X)-1]))
	for _, s := range p.Series {
		low, high, mean, at, n := spread(s.Values)
		if n == 0 {
			continue
		}
		b.WriteString(". ")
		b.WriteString(strings.ToUpper(s.Label[:1]) + s.Label[1:])
		b.WriteString(" from ")
		b.WriteString(p.y(low))
		b.WriteString(" to ")
		b.WriteString(p.y(high))
		if p.YUnit != "at" {
			b.WriteString(", mean ")
			b.WriteString(p.y(mean))
		}
		b.WriteString(", highest at ")
		b.WriteString(p.x(p.X[at]))
	}
	b.WriteByte('.')
	return b.String()
}

func spread(values []float64) (low, high, mean float64, at, n int) {
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if n == 0 || v < low {
			low = v
		}
		if n == 0 || v > high {
			high, at = v, i
		}
		mean += v
		n++
	}
	if n > 0 {
		mean /= float64(n)
	}
	return low, high, mean, at, n
}

// tableRows bounds the table beside a plot.
const tableRows = 20

// Table is the plot as a table: a header and at most tableRows rows, each a
// stretch of the recording.
func (p *Plot) Table() (head []string, rows [][]string) {
	head = []string{"From"}
	for _, s := range p.Series {
		label := strings.ToUpper(s.Label[:1]) + s.Label[1:]
		if s.Max && !strings.Contains(label, "ighest") {
			label += " (highest)"
		}
		head = append(head, label)
	}
	n := len(p.X)
	count := min(n, tableRows)
	for i := range count {
		from, to := i*n/count, (i+1)*n/count
		row := []string{p.x(p.X[from])}
		for _, s := range p.Series {
			_, high, mean, _, found := spread(s.Values[from:to])
			switch {
			case found == 0:
				row = append(row, "–")
			case s.Max:
				row = append(row, p.y(high))
			default:
				row = append(row, p.y(mean))
			}
		}
		rows = append(rows, row)
	}
	return head, rows
}

// AppendJSON writes the plot as static/js/plots.js reads it:
//
//	{id, file, group, xUnit, yUnit, x, series: [{label, role, style, points, values}], band, yKeep,
//	 limits: [{y, severity, text}], markers: [{x, to, severity, key}], selected}
//
// file changes with the recording, and then the zoom starts anew.
func (p *Plot) AppendJSON(b []byte, file string, findings []FindingView, selected string) []byte {
	text := func(name, v string) {
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, `":`...)
		b = diag.AppendJSONString(b, v)
		b = append(b, ',')
	}
	b = append(b, '{')
	text("id", p.ID)
	text("file", file)
	text("group", p.Group)
	text("xUnit", p.XUnit)
	text("yUnit", p.YUnit)
	text("selected", selected)
	b = append(b, `"x":`...)
	b = appendNumbers(b, p.X)
	b = append(b, `,"series":[`...)
	for i := range p.Series {
		s := &p.Series[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		text("label", s.Label)
		text("role", s.Role)
		text("style", s.Style)
		b = append(b, `"points":`...)
		b = strconv.AppendBool(b, s.Points)
		b = append(b, `,"values":`...)
		b = appendNumbers(b, s.Values)
		b = append(b, '}')
	}
	b = append(b, `],"yKeep":`...)
	b = appendNumbers(b, p.YKeep)
	if p.Band {
		b = append(b, `,"band":[2,1]`...)
	}
	b = append(b, `,"limits":[`...)
	for i, l := range p.Limits {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		text("severity", l.Severity.String())
		text("text", l.Text)
		b = append(b, `"y":`...)
		b = appendNumber(b, l.Y)
		b = append(b, '}')
	}
	b = append(b, `],"markers":[`...)
	first := true
	for i := range findings {
		f := &findings[i]
		if !f.InMedia || p.Group == "time" && !f.OnPlot {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '{')
		text("key", f.Key)
		text("severity", f.Severity.String())
		x, to := float64(f.AtMS), float64(f.LastMS)
		if p.Group == "bytes" {
			x, to = float64(f.Offset), float64(f.Offset)
		}
		b = append(b, `"x":`...)
		b = appendNumber(b, x)
		b = append(b, `,"to":`...)
		b = appendNumber(b, to)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

func appendNumbers(b []byte, list []float64) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']')
}

// appendNumber keeps thousandths, which no pixel shows.
func appendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, math.Round(v*1000)/1000, 'f', -1, 64)
}
