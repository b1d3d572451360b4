package site

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// cleanAccent reads a colour as #rgb or #rrggbb, with or without #, as six
// digits in lower case; "" for anything else.
func cleanAccent(text string) string {
	text = strings.ToLower(strings.TrimPrefix(text, "#"))
	if len(text) == 3 {
		text = string([]byte{text[0], text[0], text[1], text[1], text[2], text[2]})
	}
	if len(text) != 6 || strings.Trim(text, "0123456789abcdef") != "" {
		return ""
	}
	return text
}

type colour [3]float64 // 0 to 255: red, green, blue

func parseColour(hex string) colour {
	n, _ := strconv.ParseUint(hex, 16, 32) // checked by cleanAccent
	return colour{float64(n >> 16 & 255), float64(n >> 8 & 255), float64(n & 255)}
}

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

func (c colour) mix(other colour, part float64) colour {
	for i := range c {
		c[i] = math.Round(c[i] + (other[i]-c[i])*part)
	}
	return c
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	var lin [3]float64
	for i, v := range c {
		if v /= 255; v <= 0.04045 {
			lin[i] = v / 12.92
		} else {
			lin[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*lin[0] + 0.7152*lin[1] + 0.0722*lin[2]
}

// contrast is the contrast ratio of WCAG 2.2, 1 to 21.
func contrast(a, b colour) float64 {
	l, m := a.luminance(), b.luminance()
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

// readable moves a colour towards another, keeping what it can of it, until
// text in it is legible (7:1) on a surface.
func readable(c, on, towards colour) colour {
	for part := 0.0; part < 1; part += 0.02 {
		if m := c.mix(towards, part); contrast(m, on) >= 7 {
			return m
		}
	}
	return towards
}

// The surfaces that text of the accent's colour stands on, --surface-2 of
// embed.css: the least favourable one of each theme.
var (
	lightSurface = parseColour("eff2f4")
	darkSurface  = parseColour("1d2731")
	white        = parseColour("ffffff")
	black        = parseColour("000000")
	darkText     = parseColour("0f151b")
)

// accentCSS is the style sheet that changes the accent: a site's own colour, as
// near to it as text stays legible in either theme.
func accentCSS(hex string) string {
	given := parseColour(hex)
	light, dark := readable(given, lightSurface, black), readable(given, darkSurface, white)
	set := func(c, hover, on colour) string {
		return fmt.Sprintf("--accent:%s;--accent-hover:%s;--on-accent:%s;--focus:%s", c, hover, on, c)
	}
	inDark := set(dark, dark.mix(white, 0.25), darkText)
	return ":root{" + set(light, light.mix(black, 0.25), white) + "}\n" +
		"@media (prefers-color-scheme:dark){:root:not([data-theme=light]){" + inDark + "}}\n" +
		":root[data-theme=dark]{" + inDark + "}\n"
}

// embedAccent serves /embed/accent/RRGGBB.css. A colour is a style sheet of its
// own because the policy takes no inline style, and because nothing but six
// checked digits then reaches one.
func (s *Server) embedAccent(c echo.Context) error {
	hex, ok := strings.CutSuffix(c.Param("file"), ".css")
	if !ok || hex == "" || hex != cleanAccent(hex) {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return s.send(c, "text/css; charset=utf-8", []byte(accentCSS(hex)))
}
