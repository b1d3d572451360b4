package check

import (
	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
)

// episode is a finding that lasts and grows: it counts once however often it is judged.
type episode struct {
	f      *fold
	from   diag.Media
	args   diag.Args // of the fold before this episode
	worst  float64
	deeper bool // this episode is the worst of its fold
}

// judge holds a value against a limit and returns the finding whose arguments
// have to be written, nil where there is none.
func (e *episode) judge(r *rule, l *profile.Limit, v float64, cause uint8, tr *Track, where diag.Media) (*fold, float64) {
	sev, limit, basis := l.Judge(v)
	if sev == diag.Off || r.off() || e.f != nil && sev < e.f.sev {
		return nil, limit
	}
	if e.f == nil || sev > e.f.sev {
		if e.f == nil {
			e.from = where
		} else {
			e.leave(r)
		}
		if e.f = r.hitAs(sev, basis, cause, tr, e.from); e.f == nil {
			return nil, limit
		}
		e.args, e.worst, e.deeper = append(diag.Args{}, e.f.args...), e.f.worst, e.f.count == 1
	}
	if !e.deeper && v <= e.f.worst || v < e.f.worst {
		return nil, limit
	}
	e.deeper, e.f.worst = true, v
	return e.f, limit
}

// leave takes the episode out of its finding: it goes on in a graver one.
func (e *episode) leave(r *rule) {
	f := e.f
	if f.count--; f.count > 0 {
		f.args, f.worst = e.args, e.worst
		return
	}
	for i, have := range r.folds {
		if have == f {
			r.folds = append(r.folds[:i], r.folds[i+1:]...)
			return
		}
	}
}

// end closes the episode and returns its finding where its arguments tell of this
// episode and may have to say that it is over.
func (e *episode) end() *fold {
	f := e.f
	e.f = nil
	if f == nil || !e.deeper {
		return nil
	}
	return f
}
