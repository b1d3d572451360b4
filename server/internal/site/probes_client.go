package site

import (
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"
)

// clientInfo is the answer to /api/v1/client.
type clientInfo struct {
	Address string        `json:"address"` // empty where it cannot be told
	Family  string        `json:"family"`  // ipv4, ipv6; empty with the address
	Kind    string        `json:"kind"`    // public, private, loopback; empty with the address
	Probes  clientProbing `json:"probes"`
}

type clientProbing struct {
	Allowed bool  `json:"allowed"` // false where the operator has switched probes off
	Ports   []int `json:"ports"`   // probed beside the documented ones
}

// apiClient tells visitors their own address as this server sees it: what an
// allow list needs.
func (s *Server) apiClient(c echo.Context) error {
	info := clientInfo{Probes: clientProbing{Allowed: !s.cfg.NoProbes, Ports: []int{}}}
	info.Probes.Ports = append(info.Probes.Ports, s.cfg.ProbePorts...)
	if a := clientAddr(c); a.IsValid() {
		info.Address, info.Family, info.Kind = a.String(), "ipv4", "public"
		if a.Is6() {
			info.Family = "ipv6"
		}
		switch {
		case a.IsLoopback():
			info.Kind = "loopback"
		case a.IsPrivate() || a.IsLinkLocalUnicast() || sharedSpace.Contains(a):
			info.Kind = "private"
		}
	}
	return s.fresh(c, http.StatusOK, info)
}

// sharedSpace is inside a provider's own network (RFC 6598): no address of the internet.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
