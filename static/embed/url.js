// The embedded check of an ingest URL: the linter alone, in its worker, which is
// barred from every connection. Its program is loaded when the check comes into
// view or is used, and what is typed ends with the page.
(() => {
  const root = document.querySelector("#check");
  if (!root) return;
  const { worker, wasm, scripts, clients, version } = root.dataset;
  const input = root.querySelector("#url");
  const profile = root.querySelector("#profile");
  const state = root.querySelector("#state");
  const result = root.querySelector("#result");
  const said = root.querySelector("#said");
  const marks = root.querySelector("#marks");

  const loading = "Loading the linter…";
  const ready = "Ready: type or paste a URL.";
  let started = false;
  let field; // underlines what was found
  let id = 0; // of what was asked last
  let timer;

  const make = (tag, props, ...children) => {
    const el = Object.assign(document.createElement(tag), props);
    el.append(...children);
    return el;
  };

  // ---- loading ----

  const start = () => {
    if (started) return;
    started = true;
    state.textContent = loading;
    const list = clients.split(" ").map((src) => make("script", { src, async: false })); // in this order
    list.at(-1).onload = () => {
      ingestLinter.listen(receive);
      ingestLinter.start({ worker, wasm, scripts, version });
      field = ingestLinter.field(input, marks);
      judge();
    };
    for (const script of list) script.onerror = () => failed("The linter could not be loaded. Check the connection and reload the page.");
    document.head.append(...list);
  };

  const failed = (text) => {
    state.textContent = text;
    input.disabled = profile.disabled = true;
    root.dataset.failed = "";
  };

  // ---- judging ----

  const judge = () => {
    id++;
    if (!field) return; // not loaded yet: it is judged then
    if (input.value.trim() === "") {
      ingestLinter.forget();
      field.paint(input.value, []);
      result.replaceChildren();
      state.textContent = ingestLinter.about ? ready : loading;
      say("");
      return;
    }
    ingestLinter.lint(id, { text: input.value, profile: profile.value });
  };

  function receive(message) {
    switch (message.t) {
      case "ready":
        if (!input.value.trim()) state.textContent = ready;
        break;
      case "linted":
        if (message.id === id) show(JSON.parse(message.report), JSON.parse(message.plain));
        break;
      case "failed":
        if (message.fatal) failed(message.text);
        else if (message.id === id) {
          result.replaceChildren();
          state.textContent = message.text;
        }
    }
  }

  // The result is announced once the person pauses.
  const say = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      said.textContent = text;
    }, 500);
  };

  // ---- showing ----

  const words = { error: "Error", warning: "Warning", info: "Info", off: "No fault found" };
  const severity = (of) => {
    const icon = document.querySelector(`#icon-${of}`).content.cloneNode(true);
    return make("span", { className: `sev sev--${of === "off" ? "passed" : of}` }, icon, words[of]);
  };

  const show = (report, plain) => {
    const { verdict, findings } = report;
    state.textContent = `Checked against: ${report.profile.name}`;
    const worst = words[verdict.severity] ? verdict.severity : "off";
    const list = make("ul", { className: "hits" });
    for (const f of findings) {
      const about = make("a", { href: f.doc_url, textContent: "Why, and what to do" });
      about.setAttribute("aria-label", `Why, and what to do: ${f.rule}`);
      list.append(make("li", {}, make("p", {}, severity(f.severity), " ", f.message, " ", about)));
    }
    result.replaceChildren(make("p", { className: "verdict" }, severity(worst), make("strong", { textContent: verdict.headline })));
    if (verdict.next) result.append(make("p", { textContent: verdict.next }));
    if (findings.length) result.append(list);
    if (report.changed && report.mended) {
      const copy = make("button", { type: "button", textContent: "Copy it with its key" });
      copy.onclick = async () => {
        const ok = await copyText(plain.mended);
        state.textContent = ok ? "Copied." : "Copying is blocked here: open the full check.";
        copy.textContent = ok ? "Copied" : "Copying is blocked";
      };
      result.append(make("h2", { textContent: "The URL, mended" }), make("pre", {}, make("code", { textContent: report.mended })), make("p", {}, copy));
    }
    field.paint(
      input.value,
      findings.filter((f) => f.start !== undefined && f.field !== "key"),
    );
    say(verdict.headline);
  };

  const copyText = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // a frame without leave, or plain http: the old way
      const area = make("textarea", { value: text, className: "sr-only" });
      const before = document.activeElement;
      document.body.append(area);
      area.select();
      let ok = false;
      try {
        ok = document.execCommand("copy");
      } catch {
        ok = false;
      }
      area.remove();
      before?.focus();
      return ok;
    }
  };

  // ---- wiring ----

  input.disabled = profile.disabled = false;
  state.textContent = "The linter is loaded when you begin.";
  input.addEventListener("input", judge);
  profile.addEventListener("change", judge);
  root.addEventListener("focusin", start);
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((s) => s.isIntersecting)) return;
    observer.disconnect();
    start();
  }).observe(root);
})();
