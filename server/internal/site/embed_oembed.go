package site

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

// OEmbed is the answer to /oembed: https://oembed.com, version 1.0, of type rich.
type OEmbed struct {
	XMLName         xml.Name `json:"-" xml:"oembed"`
	Version         string   `json:"version" xml:"version"`
	Type            string   `json:"type" xml:"type"`
	Title           string   `json:"title" xml:"title"`
	ProviderName    string   `json:"provider_name" xml:"provider_name"`
	ProviderURL     string   `json:"provider_url" xml:"provider_url"`
	CacheAge        int      `json:"cache_age" xml:"cache_age"` // seconds
	HTML            string   `json:"html" xml:"html"`
	Width           int      `json:"width" xml:"width"`   // pixels
	Height          int      `json:"height" xml:"height"` // pixels
	ThumbnailURL    string   `json:"thumbnail_url,omitempty" xml:"thumbnail_url,omitempty"`
	ThumbnailWidth  int      `json:"thumbnail_width,omitempty" xml:"thumbnail_width,omitempty"`
	ThumbnailHeight int      `json:"thumbnail_height,omitempty" xml:"thumbnail_height,omitempty"`
}

// Sizes of a frame that nothing resizes, in pixels; a consumer may ask for less.
const (
	oembedWidth   = 720
	oembedHeight  = 480
	oembedAgeSecs = 24 * 60 * 60
)

// oembed answers for the pages that can be embedded. The specification asks
// for 404 where an address is none of ours and for 501 for a format that is not spoken.
func (s *Server) oembed(c echo.Context) error {
	format := c.QueryParam("format")
	if format != "" && format != "json" && format != "xml" {
		return c.String(http.StatusNotImplemented, "format is json or xml\n")
	}
	width, err := oembedSize(c.QueryParam("maxwidth"), oembedWidth)
	if err != nil {
		return err
	}
	height, err := oembedSize(c.QueryParam("maxheight"), oembedHeight)
	if err != nil {
		return err
	}
	u, ok := s.ownPath(c, c.QueryParam("url"))
	if !ok {
		return echo.ErrNotFound
	}
	title, path, ok := s.embeddable(strings.TrimPrefix(u.Path, "/embed"))
	if !ok {
		return echo.ErrNotFound
	}
	f := page.Frame{Accent: cleanAccent(u.Query().Get("accent"))}
	if theme := u.Query().Get("theme"); theme == "light" || theme == "dark" {
		f.Theme = theme
	}
	src := s.origin(c) + f.Path(path)
	if id := u.Query().Get("profile"); path == "/check/url" {
		if p, ok := profile.ByID(id); ok {
			src = s.origin(c) + f.PathWith(path, "profile", p.ID)
		}
	}
	answer := OEmbed{
		Version: "1.0", Type: "rich", Title: title, ProviderName: page.Name, ProviderURL: s.origin(c) + "/",
		CacheAge: oembedAgeSecs, Width: width, Height: height,
		HTML: fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d" loading="lazy" sandbox="%s" referrerpolicy="no-referrer"></iframe>`,
			templ.EscapeString(src), templ.EscapeString(title), width, height, embedSandbox),
	}
	// A thumbnail must keep to maxwidth and maxheight too.
	if icon := s.assets.URL("img/icon-192.png"); icon != "" && width >= 192 && height >= 192 {
		answer.ThumbnailURL, answer.ThumbnailWidth, answer.ThumbnailHeight = s.origin(c)+icon, 192, 192
	}
	if format != "xml" {
		return s.json(c, answer)
	}
	body, err := xml.MarshalIndent(answer, "", "  ")
	if err != nil {
		return err
	}
	return s.send(c, "text/xml; charset=utf-8", append([]byte(xml.Header), body...))
}

func oembedSize(text string, most int) (int, error) {
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, echo.NewHTTPError(http.StatusBadRequest)
	}
	return min(n, most), nil
}

// embeddable names the page behind a path of ours, and the path that its
// embedded form has below /embed.
func (s *Server) embeddable(path string) (title, canonical string, ok bool) {
	switch path = strings.TrimSuffix(path, "/"); path {
	case "/search":
		return "Search error codes", path, true
	case "/check/url":
		return "Check an ingest URL", path, true
	}
	if rest, found := strings.CutPrefix(path, "/codes/"); found {
		platform, slug, _ := strings.Cut(rest, "/")
		if code, found := s.lib.Code(platform, slug); found {
			return page.CodeTitle(code), code.URL(), true
		}
	}
	if name, found := strings.CutPrefix(path, "/e/"); found {
		switch list := s.named(name); len(list) {
		case 0:
		case 1:
			return page.CodeTitle(list[0]), list[0].URL(), true
		default:
			return "Several platforms use " + name, path, true
		}
	}
	if id, found := strings.CutPrefix(path, "/rules/"); found {
		if r, found := rules.ByID(id); found {
			return r.Title, page.RulePath(r.ID), true
		}
	}
	return "", "", false
}
