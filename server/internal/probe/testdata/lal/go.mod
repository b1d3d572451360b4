module lal

go 1.26.0

require github.com/q191201771/lal v0.37.4
