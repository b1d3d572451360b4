//go:build tools

// Package lal pins lal's server, which the probe's tests start; it is a module
// of its own so that ours does not depend on it.
package lal

import _ "github.com/q191201771/lal/app/lalserver"
