// Command ingestdoctor is the portal and its command line: it serves the pages
// and checks recordings where they are.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"ingestdoctor/server/internal/cli"
	"ingestdoctor/server/internal/live"
	"ingestdoctor/server/internal/site"
	"ingestdoctor/wasm/ingest"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = "dev"

type commands struct {
	Serve    serveCmd    `cmd:"" help:"Serve the portal."`
	Flv      flvCmd      `cmd:"" help:"Check an FLV recording against a platform's profile."`
	URL      urlCmd      `cmd:"" name:"url" help:"Check an ingest URL: what is wrong with it, and the mended one."`
	Probe    probeCmd    `cmd:"" help:"Probe an ingest server from this machine: how far an encoder would get."`
	Explain  explainCmd  `cmd:"" help:"Read a log, an event or a callback: which codes are in it, what happened, what to do."`
	Profiles profilesCmd `cmd:"" help:"List the platform profiles."`
	Rules    rulesCmd    `cmd:"" help:"List the rules."`
	Codes    codesCmd    `cmd:"" help:"List the error codes of platforms, servers and encoders, or find some."`
	Code     codeCmd     `cmd:"" help:"Explain one error code."`
	Backup   backupCmd   `cmd:"" help:"Copy the shared diagnoses in SQLite, while the server runs."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

type serveCmd struct {
	Listen         string   `default:":8080" env:"INGESTDOCTOR_LISTEN" placeholder:"ADDR" help:"Address to listen on (${default})."`
	MetricsListen  string   `env:"INGESTDOCTOR_METRICS_LISTEN" placeholder:"ADDR" help:"Serve /metrics there instead of on the portal's own address."`
	Data           string   `env:"INGESTDOCTOR_DATA" placeholder:"DIR" type:"path" help:"Folder for data that outlives the program: shared diagnoses, encrypted, in SQLite. Made when it is not there. Without it: the user's state folder (~/.local/state/ingestdoctor)."`
	DatabaseURL    string   `name:"database-url" env:"INGESTDOCTOR_DATABASE_URL" placeholder:"URL" help:"Keep shared diagnoses in PostgreSQL instead, like postgres://user:password@host:5432/database: for several servers at once. The variable keeps the password out of the list of processes."`
	AllowedHosts   []string `env:"INGESTDOCTOR_ALLOWED_HOSTS" placeholder:"HOST" help:"Host names under which people reach the portal, beside localhost; * for any. Several: separated by commas."`
	PublicURL      string   `name:"public-url" env:"INGESTDOCTOR_PUBLIC_URL" placeholder:"URL" help:"Address that people see, like https://doctor.example.com: for canonical links. Its host is allowed; https turns HSTS on."`
	TrustedProxies []string `env:"INGESTDOCTOR_TRUSTED_PROXIES" placeholder:"PREFIX" help:"Proxies in front of the portal whose X-Forwarded-For is believed, as addresses or prefixes like 10.0.0.0/8. Quotas count by client."`
	EmbedOrigins   []string `env:"INGESTDOCTOR_EMBED_ORIGINS" placeholder:"ORIGIN" help:"Sites whose pages may show our help pages in a frame, like https://docs.example.com or https://*.example.com; * for any. Several: separated by commas."`
	NoProbes       bool     `env:"INGESTDOCTOR_NO_PROBES" help:"Do not probe ingest hosts from this server."`
	ProbePorts     []int    `env:"INGESTDOCTOR_PROBE_PORTS" placeholder:"PORT" help:"Ports that may be probed beside 443, 1935, 1936, 2935, 2936 and those that a platform documents. Several: separated by commas."`
	OwnAddresses   []string `env:"INGESTDOCTOR_OWN_ADDRESSES" placeholder:"IP" help:"Addresses that lead to this server from outside, such as a load balancer's: they are never probed, like those of its network cards."`
	IngestListen   []string `env:"INGESTDOCTOR_INGEST_LISTEN" placeholder:"ADDR" help:"Ports that encoders push test streams to and that browsers try, like :1935,:1936,:2935,:2936, or any host:port; each takes RTMP, with a certificate RTMPS too. Without it there are none."`
	IngestCert     string   `env:"INGESTDOCTOR_INGEST_CERT" placeholder:"FILE" type:"path" help:"Certificate for RTMPS, PEM, with those that lead to its issuer. Read anew when it changes."`
	IngestKey      string   `env:"INGESTDOCTOR_INGEST_KEY" placeholder:"FILE" type:"path" help:"Its private key, PEM."`
	DevTLS         bool     `name:"dev-tls" env:"INGESTDOCTOR_DEV_TLS" help:"Make a self-signed certificate for RTMPS at each start, for trying out: whoever checks certificates refuses it."`
	IngestHost     string   `env:"INGESTDOCTOR_INGEST_HOST" placeholder:"HOST" help:"Name under which encoders reach these ports; without it that of the portal."`
	LogFormat      string   `enum:"text,json" default:"text" env:"INGESTDOCTOR_LOG_FORMAT" help:"text or json (${default})."`
	LogLevel       string   `enum:"debug,info,warn,error" default:"info" env:"INGESTDOCTOR_LOG_LEVEL" help:"debug, info, warn or error (${default})."`

	MaxBody           int64         `default:"1048576" env:"INGESTDOCTOR_MAX_BODY" placeholder:"BYTES" help:"Largest body of a request (${default})."`
	ReadHeaderTimeout time.Duration `default:"10s" env:"INGESTDOCTOR_READ_HEADER_TIMEOUT" help:"Time for a request's headers (${default})."`
	ReadTimeout       time.Duration `default:"30s" env:"INGESTDOCTOR_READ_TIMEOUT" help:"Time for a whole request (${default})."`
	WriteTimeout      time.Duration `default:"5m" env:"INGESTDOCTOR_WRITE_TIMEOUT" help:"Time for an answer (${default})."`
	IdleTimeout       time.Duration `default:"2m" env:"INGESTDOCTOR_IDLE_TIMEOUT" help:"Time that an idle connection is kept (${default})."`
	ShutdownTimeout   time.Duration `default:"15s" env:"INGESTDOCTOR_SHUTDOWN_TIMEOUT" help:"Time that running requests get to finish when the server stops (${default})."`
}

type flvCmd struct {
	Profile string `default:"generic" env:"INGESTDOCTOR_PROFILE" placeholder:"ID" help:"Platform to check against (${default}); see: ingestdoctor profiles."`
	JSON    bool   `name:"json" help:"Print the report as JSON."`
	File    string `arg:"" placeholder:"FILE" help:"Recording to check; - reads standard input."`
}

// Help says what the exit codes mean.
func (flvCmd) Help() string {
	return "Exit status: 0 no finding of level error; 1 some (a file that is no FLV is one); " +
		"2 the file could not be read, or not to its end, or the call is wrong; 130 interrupted, with the report so far."
}

type urlCmd struct {
	Profile     string `placeholder:"ID" help:"Platform to check against; without it the one that the URL shows. See: ingestdoctor profiles."`
	SignKey     string `env:"INGESTDOCTOR_SIGN_KEY" placeholder:"KEY" help:"The platform's signing key, to verify the signature. The environment keeps it out of the shell's history."`
	JSON        bool   `name:"json" help:"Print the report as JSON."`
	ShowSecrets bool   `help:"Show stream key, token, password and signature."`
	URL         string `arg:"" placeholder:"URL" help:"URL to check; - reads standard input, which keeps the key out of the shell's history."`
}

// Help says what the exit codes mean.
func (urlCmd) Help() string {
	return "Exit status: 0 no finding of level error; 1 some; 2 the call is wrong, or standard input cannot be read. " +
		"One newline at the end of standard input is dropped and nothing else."
}

type profilesCmd struct {
	JSON bool `name:"json" help:"Print them as JSON, limits and sources included."`
}

type rulesCmd struct {
	JSON bool `name:"json" help:"Print them as JSON, whole."`
}

type codesCmd struct {
	Platform string   `placeholder:"ID" help:"Only codes of this platform."`
	JSON     bool     `name:"json" help:"Print them as JSON, like the API."`
	Query    []string `arg:"" optional:"" placeholder:"QUERY" help:"What to look for: a code, its numbers, a message, a line of a log, a symptom; without it, all."`
}

type codeCmd struct {
	Platform string `placeholder:"ID" help:"Platform, where several use the code."`
	JSON     bool   `name:"json" help:"Print it as JSON, like the API."`
	Code     string `arg:"" placeholder:"CODE" help:"The code, or PLATFORM/CODE; case, _ and - are forgiven. After -- where it begins with a -."`
}

type versionCmd struct{}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments, for tests.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var (
		cmds   commands
		exited = -1
	)
	parser, err := kong.New(&cmds,
		kong.Name("ingestdoctor"),
		kong.Description("Why does my live stream not get in? Checks recordings of live streams against what platforms take."),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exited = code; panic(helped{}) }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "ingestdoctor:", err)
		return cli.ExitUnusable
	}
	call, err := parse(parser, args)
	switch {
	case exited >= 0:
		return exited // --help
	case err != nil:
		// The complaint repeats what was typed, which may be a URL with its key, or
		// the key alone.
		complaint := ingest.Redact(err.Error())
		if len(args) > 0 && (args[0] == "url" || args[0] == "probe") && strings.HasPrefix(complaint, "unexpected argument") {
			complaint = "unexpected argument: there is one URL, in quotation marks where it holds & or ?"
		}
		fmt.Fprintf(stderr, "ingestdoctor: %s\nSee: ingestdoctor --help\n", complaint)
		return cli.ExitUnusable
	}

	// The command may be "flv <file>".
	switch name, _, _ := strings.Cut(call.Command(), " "); name {
	case "serve":
		return cmds.Serve.run(stderr)
	case "flv":
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return cli.FLV(ctx, cli.FLVOptions{
			File: cmds.Flv.File, Profile: cmds.Flv.Profile, JSON: cmds.Flv.JSON,
			Stdin: stdin, Stdout: stdout, Stderr: stderr,
		})
	case "url":
		return cli.URL(cli.URLOptions{
			URL: cmds.URL.URL, Profile: cmds.URL.Profile, SignKey: cmds.URL.SignKey, JSON: cmds.URL.JSON, ShowSecrets: cmds.URL.ShowSecrets,
			Stdin: stdin, Stdout: stdout, Stderr: stderr,
		})
	case "probe":
		return cmds.Probe.run(stdin, stdout, stderr)
	case "explain":
		return cmds.Explain.run(stdin, stdout, stderr)
	case "profiles":
		if cmds.Profiles.JSON {
			return cli.WriteJSON(stdout, stderr, site.Profiles())
		}
		return cli.Profiles(stdout, stderr)
	case "rules":
		if cmds.Rules.JSON {
			return cli.WriteJSON(stdout, stderr, site.Rules())
		}
		return cli.Rules(stdout, stderr)
	case "backup":
		return cmds.Backup.run(stdout, stderr)
	case "codes":
		return cmds.Codes.run(stdout, stderr)
	case "code":
		return cmds.Code.run(stdout, stderr)
	default:
		fmt.Fprintln(stdout, "ingestdoctor", fullVersion())
		return cli.ExitClean
	}
}

func (c codesCmd) run(stdout, stderr io.Writer) int {
	lib, index, err := site.Knowledge()
	if err != nil {
		fmt.Fprintln(stderr, "ingestdoctor:", err)
		return cli.ExitUnusable
	}
	query := strings.Join(c.Query, " ")
	if c.JSON && query != "" {
		return cli.WriteJSON(stdout, stderr, site.SearchResults(index.Codes(query, c.Platform, 20)))
	}
	if c.JSON && c.Platform == "" {
		return cli.WriteJSON(stdout, stderr, site.Codes(lib))
	}
	if c.JSON {
		return cli.WriteJSON(stdout, stderr, site.CodesOf(lib, c.Platform))
	}
	return cli.Codes(cli.CodesOptions{Query: query, Platform: c.Platform, Library: lib, Search: index.Pages, Stdout: stdout, Stderr: stderr})
}

func (c codeCmd) run(stdout, stderr io.Writer) int {
	lib, index, err := site.Knowledge()
	if err != nil {
		fmt.Fprintln(stderr, "ingestdoctor:", err)
		return cli.ExitUnusable
	}
	code, status := cli.FindCode(cli.CodesOptions{
		Query: c.Code, Platform: c.Platform, Library: lib, Search: index.Pages, Stdout: stdout, Stderr: stderr,
	})
	switch {
	case code == nil:
		return status
	case c.JSON:
		return cli.WriteJSON(stdout, stderr, site.CodeJSON(code))
	}
	return cli.Code(stdout, stderr, code)
}

// helped unwinds kong after it has printed its help: without a real exit it
// would go on and complain about missing arguments.
type helped struct{}

func parse(parser *kong.Kong, args []string) (call *kong.Context, err error) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(helped); !ok {
				panic(v)
			}
		}
	}()
	return parser.Parse(args)
}

// run serves until the process is told to stop.
func (c serveCmd) run(stderr io.Writer) int {
	log, flush := cli.Logger(stderr, c.LogFormat, c.LogLevel)
	defer flush()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	store, err := storage(ctx, c.DatabaseURL, c.Data, log)
	if err != nil {
		log.Error(unusable(c.DatabaseURL), "error", err.Error())
		return cli.ExitUnusable
	}
	defer func() {
		if err := store.Close(); err != nil {
			log.Error("the store of shared diagnoses did not close in order", "error", err.Error())
		}
	}()
	metrics := site.NewLiveMetrics()
	encoders, err := c.encoders(metrics, log)
	if err != nil {
		log.Error("cannot start", "reason", err.Error())
		return cli.ExitUnusable
	}
	defer encoders.Close()
	server, err := site.New(site.Config{
		Encoders: encoders, LiveMetrics: metrics,
		Listen: c.Listen, MetricsListen: c.MetricsListen, AllowedHosts: c.AllowedHosts, PublicURL: c.PublicURL,
		Diagnoses:      store,
		TrustedProxies: c.TrustedProxies, EmbedOrigins: c.EmbedOrigins,
		Version: fullVersion(), Logger: log, MaxBody: c.MaxBody,
		NoProbes: c.NoProbes, ProbePorts: c.ProbePorts, OwnAddresses: c.OwnAddresses,
		ReadHeaderTimeout: c.ReadHeaderTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout,
		IdleTimeout: c.IdleTimeout, ShutdownTimeout: c.ShutdownTimeout,
	})
	if err != nil {
		log.Error("cannot start", "reason", err.Error())
		return cli.ExitUnusable
	}
	if missing := server.Missing(); len(missing) > 0 {
		log.Error("this program was built without its browser part: run make build (or make run)", "missing", missing)
		return cli.ExitUnusable
	}
	if err := server.Run(ctx, nil); err != nil && !errors.Is(err, context.Canceled) {
		log.Error("stopped", "error", err.Error())
		return 1
	}
	log.Info("stopped")
	return cli.ExitClean
}

// encoders opens the ports for encoders; nil for none.
func (c serveCmd) encoders(metrics *site.LiveMetrics, log *slog.Logger) (*site.Encoders, error) {
	cfg := site.EncoderConfig{
		Listen: c.IngestListen, CertFile: c.IngestCert, KeyFile: c.IngestKey, DevTLS: c.DevTLS, Host: c.IngestHost,
		PublicURL: c.PublicURL, AllowedHosts: c.AllowedHosts, Logger: log,
	}
	if len(c.IngestListen) > 0 {
		cfg.Hub = live.New(live.Config{Metrics: metrics, Log: log})
	}
	return site.OpenEncoders(cfg)
}

// fullVersion is the version set by the linker, else the commit that Go noted.
func fullVersion() string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return version
}
