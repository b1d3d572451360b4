package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Browser is one Chromium with a profile folder of its own.
type Browser struct {
	ctx   context.Context
	alloc context.CancelFunc
	cmd   *exec.Cmd
	dir   string
	once  sync.Once
}

// Launch starts Chromium without a window. flags are added to the usual ones,
// each as name or name=value without dashes.
func Launch(ctx context.Context, flags ...string) (*Browser, error) {
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		return nil, errors.New("no Chromium on this machine (Debian: apt-get install chromium)")
	}
	dir, err := os.MkdirTemp("", "ingestdoctor-chromium-*")
	if err != nil {
		return nil, err
	}
	b := &Browser{dir: dir}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		chromedp.UserDataDir(dir),
		chromedp.WindowSize(1280, 900),
		chromedp.WSURLReadTimeout(30*time.Second),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { b.cmd = cmd }),
	)
	for _, f := range flags {
		name, value, ok := strings.Cut(f, "=")
		if ok {
			opts = append(opts, chromedp.Flag(name, value))
		} else {
			opts = append(opts, chromedp.Flag(name, true))
		}
	}
	actx, acancel := chromedp.NewExecAllocator(ctx, opts...)
	b.alloc = acancel
	b.ctx, _ = chromedp.NewContext(actx) //nolint:govet // Close ends it
	if err := chromedp.Do(b.ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// PID is the process id of the browser, whose descendants are its renderers.
func (b *Browser) PID() int { return b.cmd.Process.Pid }

// Close ends the browser in order, so that its logs are whole, and removes its profile.
func (b *Browser) Close() {
	b.once.Do(func() {
		ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(ctx)
		b.alloc()
		os.RemoveAll(b.dir)
	})
}

// Request is one request that a page or one of its workers made.
type Request struct {
	From, Method, URL string
	Body              bool
	At                time.Time
}

// Tab is one page and its workers, with everything they logged and asked for.
type Tab struct {
	Ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	problems []string
	requests []Request
	workers  map[target.ID]*Worker
}

// Worker is a worker or service worker of a tab.
type Worker struct {
	Type, URL string
	Ctx       context.Context
}

// The page reports blocked loads and scripts by itself, in words that name the directive.
const watchPolicy = `addEventListener("securitypolicyviolation", e =>
	console.error("CSP violation: " + e.violatedDirective + " blocked " + e.blockedURI + " at " + e.sourceFile + ":" + e.lineNumber));`

// Open opens a tab. fresh gives it a cache, storage and service workers of its own.
func (b *Browser) Open(fresh bool) (*Tab, error) {
	t := &Tab{workers: map[target.ID]*Worker{}}
	opts := []chromedp.ContextOption{chromedp.WithListener(func(ev any) { t.event("page", ev) })}
	if fresh {
		opts = append(opts, chromedp.WithNewBrowserContext())
	}
	t.Ctx, t.cancel = chromedp.NewContext(b.ctx, opts...)
	_, err := chromedp.Call(t.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchPolicy})
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Close closes the tab.
func (t *Tab) Close() { t.cancel() }

func (t *Tab) event(from string, ev any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	problem := func(format string, args ...any) {
		t.problems = append(t.problems, from+": "+fmt.Sprintf(format, args...))
	}
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "assert" {
			var words []string
			for _, a := range ev.Args {
				words = append(words, strings.Trim(string(a.Value), `"`)+a.Description)
			}
			problem("console: %s", strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		d := ev.ExceptionDetails
		text := d.Text
		if d.Exception != nil {
			text += " " + d.Exception.Description
		}
		problem("exception: %s at %s:%d", text, d.URL, d.LineNumber)
	case *log.EventEntryAdded:
		if ev.Entry.Level == "error" || ev.Entry.Source == "security" || ev.Entry.Source == "violation" {
			problem("log %s %s: %s %s", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text, ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		t.requests = append(t.requests, Request{
			From: from, Method: ev.Request.Method, URL: ev.Request.URL,
			Body: ev.Request.HasPostData, At: time.Now(),
		})
	case *network.EventWebSocketCreated:
		t.requests = append(t.requests, Request{From: from, Method: "WEBSOCKET", URL: ev.URL, At: time.Now()})
	case *target.EventAttachedToTarget:
		t.attach(ev.TargetInfo)
	}
}

// attach follows a worker; the caller holds the lock. The worker runs on while
// its session opens, so its first requests may be missed here: the network
// log of the browser itself (netlog.go) has them all.
func (t *Tab) attach(info *target.Info) {
	if !strings.Contains(info.Type, "worker") || t.workers[info.TargetID] != nil {
		return
	}
	w := &Worker{Type: info.Type, URL: info.URL}
	t.workers[info.TargetID] = w
	w.Ctx, _ = chromedp.NewContext(t.Ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel(), //nolint:govet // ends with the tab
		chromedp.WithListener(func(ev any) { t.event(info.Type+" "+info.URL, ev) }))
	go chromedp.Do(w.Ctx) //nolint:errcheck // the worker may have ended
}

// Workers are the workers seen so far.
func (t *Tab) Workers() []Worker {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Worker
	for _, w := range t.workers {
		all = append(all, *w)
	}
	return all
}

// Problems takes what the page and its workers complained about: errors on the
// console, exceptions, and whatever the policy blocked.
func (t *Tab) Problems() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.problems
	t.problems = nil
	return p
}

// Requests takes the requests made since the last call.
func (t *Tab) Requests() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.requests
	t.requests = nil
	return r
}

// Sent is Requests without the files that the page is made of, which a browser
// may fetch whenever it likes: GET of a name with its content's hash in it and
// no query, and what never leaves the browser. Nor has it those of the service
// worker: it belongs to all tabs, and passes on what this one has asked for.
func (t *Tab) Sent() []Request {
	return slices.DeleteFunc(t.Requests(), func(r Request) bool {
		return strings.HasPrefix(r.From, "service_worker ") || strings.HasPrefix(r.URL, "blob:") || strings.HasPrefix(r.URL, "data:") || r.Method == "GET" && !r.Body && assetURL.MatchString(r.URL)
	})
}

var assetURL = regexp.MustCompile(`^http://[^/?#]+/assets/[a-z0-9./_-]+\.[0-9a-f]{16}\.[a-z0-9]+$`)

// Eval runs JavaScript in the page and decodes its value; promises are awaited.
func Eval[T any](t *Tab, js string) (T, error) {
	return chromedp.Run(t.Ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
}

// Wait runs JavaScript until it, or what it promises, is true, or fails with what
// happened meanwhile.
func (t *Tab) Wait(js string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		ok, err := Eval[bool](t, "(async () => !!(await ("+js+")))()")
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			if err == nil {
				err = errors.New("never true")
			}
			return fmt.Errorf("after %v: %s: %w", limit, js, err)
		}
		select {
		case <-t.Ctx.Done():
			return t.Ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// SetFiles puts files into a file input, as choosing them does.
func (t *Tab) SetFiles(selector string, files ...string) chromedp.Action[chromedp.Void] {
	return chromedp.SetUploadFiles(chromedp.CSS(selector), files, chromedp.NodeReady)
}

// Scheme sets the system's wish for colours: light or dark.
func (t *Tab) Scheme(value string) error {
	_, err := chromedp.Call(t.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	return err
}

// Click clicks in the middle of an element with the mouse, once it stands still
// and nothing lies over it.
func (t *Tab) Click(selector string) error {
	type spot struct {
		X   float64 `json:"x"`
		Y   float64 `json:"y"`
		Why string  `json:"why"`
	}
	at, err := Eval[spot](t, fmt.Sprintf(`(async () => {
		let why = "is not there", last = "";
		for (let i = 0; i < 100; i++) {
			await new Promise((r) => setTimeout(r, 20));
			const e = document.querySelector(%q);
			if (!e) continue;
			e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
			const r = e.getBoundingClientRect();
			const x = r.x + r.width / 2, y = r.y + r.height / 2;
			const now = [x, y, r.width].join();
			const top = document.elementFromPoint(x, y);
			why = !r.width ? "has no size" : now !== last ? "does not stand still" : top && e.contains(top) ? "" : "is covered by " + top?.outerHTML.slice(0, 120);
			last = now;
			if (!why) return {x, y, why};
		}
		return {x: 0, y: 0, why};
	})()`, selector))
	if err == nil && at.Why != "" {
		err = fmt.Errorf("%s %s", selector, at.Why)
	}
	if err != nil {
		return err
	}
	return chromedp.Do(t.Ctx, chromedp.MouseClickXY(at.X, at.Y))
}
