package site

import "github.com/labstack/echo/v4"

// sharePages are the pages around shared diagnoses. That of a diagnosis is the
// same for every id, and takes whatever a mail gateway has made of a link: its
// script mends it.
func (s *Server) sharePages(get func(string, echo.HandlerFunc)) {
	get("/new", func(c echo.Context) error { return s.kept(c, s.pages.NewDiagnosis()) })
	get("/new/", redirect("/new"))
	get("/compare", func(c echo.Context) error { return s.kept(c, s.pages.Compare()) })
	get("/compare/", redirect("/compare"))
	get(diagnosisPrefix+"*", func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		c.Response().Header().Set("X-Robots-Tag", "noindex")
		return s.html(c, s.pages.Diagnosis())
	})
}
