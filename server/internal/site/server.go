package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/content"
	"ingestdoctor/server/internal/kb"
	"ingestdoctor/static"
	"ingestdoctor/web/page"
)

// Server is the portal.
type Server struct {
	cfg     Config
	assets  *static.Set
	pages   *page.Site
	lib     *content.Library
	kb      *kb.Index
	results *searchWriter
	openapi []byte
	drawn   sync.Map // *body by path: pages that never change
	app     *app.Handler
	metrics *metrics
	embed   embedding
	probes  *probes
	shares  *shares
	lives   *lives
	echo    *echo.Echo

	outbound *outbound

	appMu    sync.Mutex
	appPages map[string]rendered // by path
}

// New makes a server from its settings. It fails for settings that make no
// sense, in words for whoever gave them.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if e := cfg.Encoders; e != nil {
		if cfg.Ingest.Ports == nil {
			cfg.Ingest = e.ingest()
		}
		if cfg.Live == nil && e.cfg.Hub != nil {
			cfg.Live = e.cfg.Hub
		}
	}
	assets := static.Assets()
	lib, index, err := knowledge()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:      cfg,
		assets:   assets,
		lib:      lib,
		kb:       index,
		appPages: map[string]rendered{},
		pages:    &page.Site{Asset: assets.URL, Origin: cfg.PublicURL, Version: cfg.Version, Library: lib},
	}
	if s.embed, err = newEmbedding(cfg, assets); err != nil {
		return nil, err
	}
	s.results = newSearchWriter(lib)
	s.openapi = openAPI(cfg.Version)
	s.app = newApp(cfg, assets, s.pages)
	s.metrics = newMetrics(cfg.Version, s.app.Version, cfg.Logger.Handler())
	s.probes = startProbes(cfg, s.metrics)
	if s.shares, err = startShares(cfg, s.metrics); err != nil {
		return nil, err
	}
	s.lives = startLives(cfg, s.metrics)
	s.outbound = newOutbound(cfg.Encoders)
	s.echo = s.routes()
	if e := cfg.Encoders; e != nil {
		e.start(s)
	}
	return s, nil
}

// knowledge is the knowledge base and its index, which never change while the
// program runs. What is wrong in a file is said with file, line and reason.
func knowledge() (*content.Library, *kb.Index, error) {
	k, err := loadOnce()
	if err != nil {
		return nil, nil, fmt.Errorf("the knowledge base is broken: %w", err)
	}
	return k.lib, k.index, nil
}

type loaded struct {
	lib   *content.Library
	index *kb.Index
}

var loadOnce = sync.OnceValues(func() (loaded, error) {
	lib, err := content.Load()
	if err != nil {
		return loaded{}, err
	}
	index, err := kb.New(lib)
	return loaded{lib, index}, err
})

// Knowledge is the knowledge base and its search, for the command line.
func Knowledge() (*content.Library, *kb.Index, error) { return knowledge() }

// Missing lists the built assets that this program was built without; the tool
// pages do not work then.
func (s *Server) Missing() []string { return s.assets.Missing() }

// Close ends what runs beside requests: every probe, and the streams of
// diagnoses and of test streams. Run does it by itself.
func (s *Server) Close() {
	s.probes.close()
	s.shares.close()
	s.lives.close()
	s.cfg.Encoders.Close()
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.handleError
	e.IPExtractor = clientOf(s.cfg.proxies)

	e.Use(s.frame())

	get := func(path string, h echo.HandlerFunc) {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, h)
	}
	get("/", s.home)
	get("/privacy", s.privacy)
	get("/rules", s.rules)
	get("/rules/", redirect("/rules"))
	get("/rules/:id", s.rule)
	get("/profiles", s.profiles)
	get("/profiles/", redirect("/profiles"))
	get("/profiles/:id", s.profile)
	get("/search", s.search)

	get("/codes", s.codes)
	get("/codes/", redirect("/codes"))
	get("/codes/:platform", s.codes)
	get("/codes/:platform/*", s.code) // a code may hold a slash
	get("/e/*", s.shortCode)
	for _, kind := range []content.Kind{content.PlatformPages, content.Encoders, content.Guides} {
		get("/"+string(kind), s.articles(kind))
		get("/"+string(kind)+"/", redirect("/"+string(kind)))
		get("/"+string(kind)+"/:slug", s.article(kind))
	}

	get("/api/v1/openapi.json", func(c echo.Context) error { return s.keep(c, "application/json", s.openapi) })
	get("/api/v1/search", s.apiSearch)
	get("/api/v1/codes", s.apiCodes)
	get("/api/v1/codes/:platform/*", s.apiCode)
	get("/api/v1/rules", s.apiRules)
	get("/api/v1/rules/:id", s.apiRule)
	get("/api/v1/profiles", s.apiProfiles)
	get("/api/v1/profiles/:id", s.apiProfile)
	s.probeRoutes(e)
	s.liveRoutes(e)
	e.POST(outboundPath, s.apiOutbound, ownOrigin(s.cfg.PublicURL))
	e.GET(outboundPath+"/arrived", s.apiOutboundSeen)
	s.shareRoutes(e)
	s.sharePages(get)

	s.embedRoutes(get)

	for _, path := range toolPages {
		get(path, s.viaApp)
		get(path+"/", redirect(path))
	}
	for _, path := range []string{"/app.js", "/app-worker.js", "/app.css", "/manifest.webmanifest"} {
		get(path, s.viaApp)
	}
	// of the toolchain that built app.wasm, not the copy inside go-app
	get("/wasm_exec.js", func(c echo.Context) error {
		s.assets.ServeAs(c.Response(), c.Request(), static.WasmExec)
		return nil
	})
	get("/favicon.ico", func(c echo.Context) error {
		s.assets.ServeAs(c.Response(), c.Request(), "img/favicon.ico")
		return nil
	})
	e.Any(static.Prefix+"*", echo.WrapHandler(s.assets))

	// go-app would fetch these from whatever the Host header says.
	get("/robots.txt", s.robots)
	get("/sitemap.xml", s.sitemap)

	get("/healthz", s.health)
	if s.cfg.MetricsListen == "" {
		get("/metrics", echo.WrapHandler(s.metrics.handler()))
	}
	return e
}

func redirect(to string) echo.HandlerFunc {
	return func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, to) }
}

// Run serves until the context ends, then lets running requests finish. ready,
// when not nil, is called with the address once the portal answers.
func (s *Server) Run(ctx context.Context, ready func(net.Addr)) error {
	main, err := s.listen(ctx, s.cfg.Listen, s)
	if err != nil {
		return err
	}
	running := []*listener{main}
	if s.cfg.MetricsListen != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.metrics.handler())
		extra, err := s.listen(ctx, s.cfg.MetricsListen, mux)
		if err != nil {
			main.Close()
			return err
		}
		running = append(running, extra)
	}

	failed := make(chan error, len(running))
	for _, l := range running {
		go func() { failed <- l.server.Serve(l.Listener) }()
	}
	s.cfg.Logger.Info("listening", "url", "http://"+friendly(main.Addr()), "version", s.cfg.Version)
	if ready != nil {
		ready(main.Addr())
	}

	select {
	case err = <-failed:
	case <-ctx.Done():
		s.cfg.Logger.Info("stopping", "timeout", s.cfg.ShutdownTimeout.String())
	}
	s.Close() // event streams end with their probes
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownTimeout)
	defer cancel()
	for _, l := range running {
		if e := l.server.Shutdown(stop); e != nil && err == nil {
			err = fmt.Errorf("requests were still running after %s: %w", s.cfg.ShutdownTimeout, e)
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

type listener struct {
	net.Listener
	server *http.Server
}

func (s *Server) listen(ctx context.Context, address string, h http.Handler) (*listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return &listener{connListener{l}, &http.Server{
		ConnContext:       keepConn,
		Handler:           h,
		ReadHeaderTimeout: s.cfg.ReadHeaderTimeout,
		ReadTimeout:       s.cfg.ReadTimeout,
		WriteTimeout:      s.cfg.WriteTimeout,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn),
	}}, nil
}

// friendly writes an address that listens on every interface as one to open.
func friendly(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
