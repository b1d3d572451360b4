package content

// Page is what every page of the knowledge base has.
type Page struct {
	Kind         Kind
	Slug         string // the file's name; the last part of the address
	File         string // from the repository's top
	Title        string // plain words, no full stop
	Aliases      []string
	Symptoms     []string // what a person would say they see; need not be unique
	Status       string   // current, deprecated or retired
	StatusDate   string   // since when, where that is known: 2024-06-30
	Sources      []Source
	Verification string // "verified" or a sentence that says how sure it is
	Sections     []*Section
}

// Verified says that the page rests on what its sources say, with nothing
// inferred. Where it is false the page shows Verification.
func (p *Page) Verified() bool { return p.Verification == "verified" }

// Section finds a section by its heading, nil where the page has none.
func (p *Page) Section(title string) *Section {
	for _, s := range p.Sections {
		if s.Title == title {
			return s
		}
	}
	return nil
}

// Source is where a fact of the page was read.
type Source struct {
	Title string
	URL   string // empty where there is no public page
	Path  string // a file in a public repository or of this project
	Date  string // of the source: 2024-06-19, or "undated"
}

// Code is the page of one code, or of several that are one thing for the reader.
type Code struct {
	Page
	Platform string
	Code     string   // exact; empty where only a message exists
	Codes    []string // every exact code of the page, Code first
	Numbers  []Number
	Events   []string // the events, callbacks, logs that carry it
	Messages []string // literal, %s and the like for what varies
	Severity string   // error, warning or info
	Who      []string // who can mend it: encoder, network, account, platform
	Stage    string   // connect, publish, ingest or end
	ShowsAs  string   // Azure only: rejected, disconnected, both, neither or unknown
	Settings []Setting
	Rules    []string // ids of the rules that detect it
	Related  []*Code
	SameAs   []*Code // on other platforms; holds in both directions
	Facts    []string
}

// URL is the canonical address.
func (c *Code) URL() string { return "/codes/" + c.Platform + "/" + c.Slug }

// Label is the code, or the title where there is only a message.
func (c *Code) Label() string {
	if c.Code != "" {
		return c.Code
	}
	return c.Title
}

// PlatformName is the platform as it is written for a person.
func (c *Code) PlatformName() string { return PlatformName(c.Platform) }

// Summary is the first paragraph of "What it means", in plain text.
func (c *Code) Summary() string { return c.Sections[0].First }

// Number is one set of the numbers that a code shows as, in the order of the file:
// errcode 18, sub_errcode 501.
type Number []Field

// Field is a name and its value.
type Field struct {
	Name  string
	Value int64
}

// Article is a page about a platform, an encoder or a task.
type Article struct {
	Page
	Summary  string // one or two sentences, for lists and search
	Platform string // platform pages and guides that belong to one
	Profiles []string
	Instead  string // where to go, on the page of something that is retired
	Order    int    // guides and encoders: small comes first
}

// URL is the canonical address.
func (a *Article) URL() string { return "/" + string(a.Kind) + "/" + a.Slug }

// Section is a level-2 heading and what stands under it.
type Section struct {
	Title    string
	ID       string // the anchor
	Line     int    // of the heading, in the file
	Markdown string // without the heading
	First    string // the first paragraph, in plain text
	Text     string // all of it in plain text, for search

	html onceHTML
}

// HTML is the section as HTML, without its heading. It is made when it is first
// asked for. Nothing in it comes from outside: raw HTML is an error at load.
func (s *Section) HTML() string { return s.html.get(s.Markdown) }
