package site

import (
	"math"
	"net/netip"
	"time"

	"ingestdoctor/server/internal/probe"
)

// probeLimits bound what probes cost us and those who are probed. The zero value
// of a field means its default.
type probeLimits struct {
	Client, Host, Address, All pace // how many probes may begin
	ClientRunning, AllRunning  int  // how many run at once
	Streams                    int  // event streams of one probe

	Reuse    time.Duration // an identical probe is not run again for so long
	Grace    time.Duration // a probe that nobody watches ends after it
	Keep     time.Duration // a result is kept for so long
	Comment  time.Duration // between the comments that keep a stream open
	Kept     int           // most results
	KeptSize int           // most bytes of results
}

// pace is Burst at once, and one more each Every.
type pace struct {
	Burst int
	Every time.Duration
}

func (l probeLimits) complete() probeLimits {
	for p, def := range map[*pace]pace{
		&l.Client:  {10, 6 * time.Second},
		&l.Host:    {10, 6 * time.Second},
		&l.Address: {20, 3 * time.Second}, // a host may have several names
		&l.All:     {60, 500 * time.Millisecond},
	} {
		if p.Burst <= 0 {
			*p = def
		}
	}
	for n, def := range map[*int]int{
		&l.ClientRunning: 4, &l.AllRunning: 48, &l.Streams: 4, &l.Kept: 500, &l.KeptSize: 64 << 20,
	} {
		if *n <= 0 {
			*n = def
		}
	}
	for d, def := range map[*time.Duration]time.Duration{
		&l.Reuse: time.Minute, &l.Grace: 10 * time.Second, &l.Keep: 10 * time.Minute, &l.Comment: 15 * time.Second,
	} {
		if *d <= 0 {
			*d = def
		}
	}
	return l
}

// The limits by name, as a refusal names them.
const (
	limitClient        = "client"
	limitClientRunning = "client-running"
	limitHost          = "target-host"
	limitAddress       = "target-address"
	limitAll           = "all"
	limitAllRunning    = "all-running"
	limitStreams       = "streams"
)

// limitTexts say to the person what is used up and what to do.
var limitTexts = map[string]string{
	limitClient:        "Too many probes from your address in a short time. Wait a little and try again. From your own machine they are not limited: ingestdoctor probe HOST",
	limitClientRunning: "As many probes as may run at once are running for your address. Wait until one has ended, or cancel one.",
	limitHost:          "This host was probed often in the last minute, by you or by others. Wait a little, so that it is not disturbed.",
	limitAddress:       "This address was probed often in the last minute, by you or by others. Wait a little, so that it is not disturbed.",
	limitAll:           "This server has begun as many probes as it may in a short time. Try again in a moment.",
	limitAllRunning:    "This server is busy with other probes. Try again in a moment.",
	limitStreams:       "The events of this probe are being read as often as is allowed at once. Close another window with it.",
}

// spent is a quota that is used up.
type spent struct {
	limit string
	retry time.Duration // until it is worth another try
}

func (s spent) Error() string { return limitTexts[s.limit] }

// seconds is Retry-After's value: at least 1.
func (s spent) seconds() int { return max(1, int(math.Ceil(s.retry.Seconds()))) }

// admission holds the quotas of probes. Its caller holds the lock, so that
// nobody takes anything between a look and the taking.
type admission struct {
	clients, targets *quota
	hosts            *quotaBy[string]
	all              *quotaBy[struct{}]
}

func newAdmission(l probeLimits) admission {
	return admission{
		clients: newQuota(l.Client.Burst, l.Client.Every),
		targets: newQuota(l.Address.Burst, l.Address.Every),
		hosts:   newQuotaBy[string](l.Host.Burst, l.Host.Every),
		all:     newQuotaBy[struct{}](l.All.Burst, l.All.Every),
	}
}

// begin takes a probe off every quota, or off none and says which is spent.
func (a *admission) begin(client netip.Prefix, plan *probe.Plan) error {
	if d := a.clients.look(client); d > 0 {
		return spent{limitClient, d}
	}
	if d := a.hosts.look(plan.Host); d > 0 {
		return spent{limitHost, d}
	}
	if ip, err := netip.ParseAddr(plan.Host); err == nil { // taken when it is dialled
		if d := a.targets.look(network(ip)); d > 0 {
			return spent{limitAddress, d}
		}
	}
	if d := a.all.look(struct{}{}); d > 0 {
		return spent{limitAll, d}
	}
	a.clients.take(client)
	a.hosts.take(plan.Host)
	a.all.take(struct{}{})
	return nil
}

// again takes one off the client's quota for a result that is there already.
func (a *admission) again(client netip.Prefix) error {
	if d := a.clients.take(client); d > 0 {
		return spent{limitClient, d}
	}
	return nil
}

// dial takes one off the quota of an address.
func (a *admission) dial(target netip.Addr) error {
	if d := a.targets.take(network(target)); d > 0 {
		return spent{limitAddress, d}
	}
	return nil
}
