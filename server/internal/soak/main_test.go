package main

import (
	"os"
	"testing"
	"time"
)

// A soak of two seconds: the whole way from the program's flags over push,
// analysis and events to the report, with everything beside it that make soak has.
func TestShortSoak(t *testing.T) {
	const program = "../../../bin/ingestdoctor"
	if os.Getenv("INGESTDOCTOR_BUILT") == "" {
		t.Skip("make test builds the program that is soaked")
	}
	err := run(t.Context(), settings{program: program, last: 2 * time.Second, pushes: 4, secure: 1, kbps: 1000, idle: 20, half: 21, garbage: 2, patient: true})
	if err != nil {
		t.Error(err)
	}
}

// The figures are what they are called.
func TestLags(t *testing.T) {
	l := &lags{}
	for i := range 100 {
		l.add(i)
	}
	if l.at(50) != 50 || l.at(99) != 99 || l.at(100) != 99 || (&lags{}).at(99) != 0 {
		t.Errorf("percentiles %d %d %d", l.at(50), l.at(99), l.at(100))
	}
	a := measure{at: time.Unix(0, 0), cpu: time.Second}
	if got := a.cpuTo(measure{at: time.Unix(10, 0), cpu: 6 * time.Second}); got != 50 {
		t.Errorf("5 s of 10 are %v %%", got)
	}
}
