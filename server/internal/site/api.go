package site

import (
	"encoding/json"

	"github.com/labstack/echo/v4"

	"ingestdoctor/wasm/diag"
	"ingestdoctor/wasm/profile"
	"ingestdoctor/wasm/rules"
	"ingestdoctor/web/page"
)

// Rule is a rule as the API and `ingestdoctor rules --json` write it.
type Rule struct {
	ID       string        `json:"id"`
	Family   string        `json:"family"`
	Title    string        `json:"title"`
	Severity diag.Severity `json:"severity"` // default; a profile may grade it
	Basis    diag.Basis    `json:"basis"`
	Why      string        `json:"why"`
	Fix      string        `json:"fix"`
	Message  string        `json:"message"` // {name} stands for an argument, [ ] for a part that may be left out
	Args     []RuleArg     `json:"args"`
	Sources  []RuleSource  `json:"sources"`
	Example  string        `json:"example,omitempty"`
	Codes    []RuleCode    `json:"codes"`
	Since    string        `json:"since,omitempty"`
	DocURL   string        `json:"doc_url"`
}

// RuleArg is one argument of a rule's findings.
type RuleArg struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
	Doc  string `json:"doc"`
}

// RuleSource says who says so.
type RuleSource struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	Date  string `json:"date,omitempty"`
}

// RuleCode is a platform's code that the rule's finding may show as.
type RuleCode struct {
	Platform string `json:"platform"`
	Code     string `json:"code,omitempty"`
	Title    string `json:"title,omitempty"`
}

// RuleList is the answer to /api/v1/rules.
type RuleList struct {
	RuleSet int    `json:"rule_set"`
	Rules   []Rule `json:"rules"`
}

// Rules are all rules in their JSON form.
func Rules() RuleList {
	list := RuleList{RuleSet: rules.RuleSet, Rules: []Rule{}}
	for _, r := range rules.All() {
		list.Rules = append(list.Rules, ruleJSON(r))
	}
	return list
}

func ruleJSON(r *rules.Rule) Rule {
	out := Rule{
		ID: r.ID, Family: string(r.Family), Title: r.Title, Severity: r.Severity, Basis: r.Basis,
		Why: r.Why, Fix: r.Fix, Message: r.Message, Example: r.Example, Since: r.Since,
		DocURL: page.RulePath(r.ID),
		Args:   []RuleArg{}, Sources: []RuleSource{}, Codes: []RuleCode{},
	}
	for _, a := range r.Args {
		out.Args = append(out.Args, RuleArg{a.Name, string(a.Unit), a.Doc})
	}
	for _, s := range r.Sources {
		out.Sources = append(out.Sources, RuleSource{s.Title, s.URL, s.Date})
	}
	for _, c := range r.Codes {
		out.Codes = append(out.Codes, RuleCode{c.Platform, c.Code, c.Title})
	}
	return out
}

// ProfileList is the answer to /api/v1/profiles.
type ProfileList struct {
	Default  string         `json:"default"`
	Profiles []diag.Profile `json:"profiles"`
}

// Profiles are all profiles in their JSON form, that of a report.
func Profiles() ProfileList {
	list := ProfileList{Default: profile.Default().ID, Profiles: []diag.Profile{}}
	for _, p := range profile.All() {
		list.Profiles = append(list.Profiles, p.Info())
	}
	return list
}

func (s *Server) apiRules(c echo.Context) error    { return s.keptJSON(c, Rules()) }
func (s *Server) apiProfiles(c echo.Context) error { return s.keptJSON(c, Profiles()) }

func (s *Server) apiRule(c echo.Context) error {
	r, ok := rules.ByID(c.Param("id"))
	if !ok {
		return echo.ErrNotFound
	}
	return s.keptJSON(c, ruleJSON(r))
}

func (s *Server) apiProfile(c echo.Context) error {
	p, ok := profile.ByID(c.Param("id"))
	if !ok {
		return echo.ErrNotFound
	}
	return s.keptJSON(c, p.Info())
}

func (s *Server) json(c echo.Context, v any) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return s.send(c, "application/json", append(body, '\n'))
}

// keptJSON is json for an answer that depends on its address alone; like kept,
// only for addresses that are there.
func (s *Server) keptJSON(c echo.Context, v any) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return s.keep(c, "application/json", append(body, '\n'))
}
