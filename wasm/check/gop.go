package check

const (
	exactIntervals = 4096 // up to here the median is exact
	binsPerOctave  = 32   // beyond it, it is right to 2 %
	maxPoints      = 1024
)

// intervals sums up key frame intervals in bounded memory.
type intervals struct {
	Count    int64
	Min, Max int64
	maxFrom  int64 // where the longest begins

	exact []int32
	bins  []uint32 // by logarithm, once there are too many

	// For the plot: groups of neighbours, each told by its longest.
	points []point
	group  int64 // intervals in a full point
	filled int64 // intervals in the last point
}

type point struct{ from, length int64 }

// add counts the interval of length ms that begins at from.
func (g *intervals) add(from, length int64) {
	if g.Count == 0 || length < g.Min {
		g.Min = length
	}
	if g.Count == 0 || length > g.Max {
		g.Max, g.maxFrom = length, from
	}
	g.Count++
	short := int32(min(length, 1<<31-1))
	if g.bins == nil {
		if len(g.exact) < exactIntervals {
			g.exact = append(g.exact, short)
		} else {
			g.bins = make([]uint32, 32*binsPerOctave)
			for _, v := range g.exact {
				g.bins[bin(v)]++
			}
			g.exact = nil
		}
	}
	if g.bins != nil {
		g.bins[bin(short)]++
	}
	g.plot(from, length)
}

func (g *intervals) plot(from, length int64) {
	if g.group == 0 {
		g.group = 1
	}
	if n := len(g.points); n > 0 && g.filled < g.group {
		g.filled++
		if p := &g.points[n-1]; length > p.length {
			*p = point{from, length}
		}
		return
	}
	if len(g.points) == maxPoints {
		for i := range maxPoints / 2 {
			p := g.points[2*i]
			if q := g.points[2*i+1]; q.length > p.length {
				p = q
			}
			g.points[i] = p
		}
		g.points = g.points[:maxPoints/2]
		g.group *= 2
	}
	g.points = append(g.points, point{from, length})
	g.filled = 1
}

// bin is the logarithmic bin of v: the octave and its first five bits.
func bin(v int32) int {
	if v < binsPerOctave {
		return int(v)
	}
	octave := 0
	for v >= 2*binsPerOctave {
		v >>= 1
		octave++
	}
	return octave*binsPerOctave + int(v)
}

// value is the lowest length of a bin.
func value(bin int) int64 {
	if bin < binsPerOctave {
		return int64(bin)
	}
	octave := bin/binsPerOctave - 1
	return int64(bin-octave*binsPerOctave) << octave
}

// Median is the middle interval, 0 where there is none.
func (g *intervals) Median() int64 {
	if g.Count == 0 {
		return 0
	}
	if g.bins == nil {
		sorted := append([]int32(nil), g.exact...)
		shellSort(sorted)
		return int64(sorted[(len(sorted)-1)/2])
	}
	var n int64
	for i, c := range g.bins {
		if n += int64(c); 2*n >= g.Count {
			return value(i)
		}
	}
	return g.Max
}

// shellSort is small where slices.Sort is 15 kB of the browser's program.
func shellSort(v []int32) {
	for gap := len(v) / 2; gap > 0; gap /= 2 {
		for i := gap; i < len(v); i++ {
			x := v[i]
			j := i
			for ; j >= gap && v[j-gap] > x; j -= gap {
				v[j] = v[j-gap]
			}
			v[j] = x
		}
	}
}
