package site

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// embedOrigins are the sites whose pages may show ours in a frame.
type embedOrigins []string

// parseEmbedOrigins checks what was configured. Each is an origin, like
// https://docs.example.com or http://localhost:3000, an origin whose host
// begins with *. for every name below it, or * for any site.
func parseEmbedOrigins(list []string) (embedOrigins, error) {
	var out embedOrigins
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		origin, ok := cleanOrigin(text)
		if text != "*" && !ok {
			return nil, fmt.Errorf("embed origin %q must be a scheme and a host, like https://docs.example.com or https://*.example.com, or * for any site", text)
		}
		if text == "*" {
			origin = text
		}
		out = append(out, origin)
	}
	return out, nil
}

// cleanOrigin writes an origin as browsers do: lower case, no port where it is
// the scheme's own, nothing after it. A host may begin with "*.".
func cleanOrigin(text string) (origin string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "" ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(text, "#") {
		return "", false
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	name := strings.TrimPrefix(host, "*.")
	if !saneHost(name) || strings.Contains(name, ":") != strings.HasPrefix(u.Host, "[") || strings.HasSuffix(u.Host, ":") {
		return "", false
	}
	if port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", false
		}
	}
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host, true
}

// allow reports whether pages of an origin may frame ours.
func (list embedOrigins) allow(origin string) bool {
	origin, ok := cleanOrigin(origin)
	if !ok || strings.Contains(origin, "*") {
		return false
	}
	scheme, host, _ := strings.Cut(origin, "://")
	for _, item := range list {
		if item == "*" || item == origin {
			return true
		}
		// https://*.example.com:8443 is every name below it, at that port
		if at, name, _ := strings.Cut(item, "://"); at == scheme && strings.HasPrefix(name, "*.") && strings.HasSuffix(host, name[1:]) {
			return true
		}
	}
	return false
}

// ancestors is the list as a policy's frame-ancestors has it: the portal's own
// pages, for the preview, and those configured.
func (list embedOrigins) ancestors() string {
	return strings.Join(append([]string{"'self'"}, list...), " ")
}

// parentOf is the origin that a framing page declares as its own, empty where it
// may not frame us. Messages go to that origin alone.
func (s *Server) parentOf(c echo.Context) string {
	declared := c.QueryParam("origin")
	origin, ok := cleanOrigin(declared)
	switch {
	case !ok || strings.Contains(origin, "*"):
		return ""
	case s.embed.origins.allow(origin):
		return origin
	}
	// the preview on our own page; its scheme may be that of a proxy in front of us
	if _, host, _ := strings.Cut(origin, "://"); strings.EqualFold(host, c.Request().Host) || origin == s.cfg.PublicURL {
		return origin
	}
	return ""
}
