// The knowledge base: suggestions while typing, the home page's box that takes
// anything, and the reader's own encoder. Everything works without this file,
// but for what must not leave the browser: an ingest URL holds a stream key, so
// it is never sent from a box when this runs.
(() => {
  const recall = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const remember = (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // storage is blocked: it holds for this page
    }
  };
  const make = (tag, props, ...children) => {
    const el = Object.assign(document.createElement(tag), props);
    el.append(...children);
    return el;
  };

  // ---- what stays in the browser ----

  // A URL in any scheme by which streams are pushed, or a query that carries a key.
  const urls = /\b[a-z][a-z0-9+.-]*:\/\/\S*|\b(?:txSecret|auth_key|token|signature|streamkey|stream_key|passphrase|key|sig|auth|sign|secret|password|pass|pwd|streamid)\s*=\s*\S*/gi;
  const keyLike = /\b(?:live|re|rtmp|sk)_[A-Za-z0-9_]{12,}|\b(?:[a-z0-9]{4}-){3,}[a-z0-9]{4}\b|\b[A-Za-z0-9+/]{40,}={0,2}|\b[0-9a-f]{32,}\b/g;
  const isLong = (text) => text.length > 500 || /\n/.test(text.trim());
  const strip = (text) => text.replace(urls, " ").replace(keyLike, " ").replace(/\s+/g, " ").trim();
  const secretIn = (text) => strip(text) !== text.replace(/\s+/g, " ").trim();

  // codesIn picks out what looks like a code, so that only that need be sent.
  const codesIn = (text) => {
    const clean = text.replace(urls, " ").replace(keyLike, " ");
    const found = clean.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\bNet(?:Stream|Connection)(?:\.\w+)+|\bAVERROR_\w+/g) || [];
    const pair = clean.match(/"?\berrcode"?\s*[:=]\s*"?(\d+)[^\d]{1,40}sub_?errcode"?\s*[:=]\s*"?(\d+)/i);
    if (pair) found.unshift(`${pair[1]}/${pair[2]}`);
    return [...new Set(found)].slice(0, 6);
  };

  const keptBox = (form) => {
    let box = form.querySelector("[data-kept]");
    if (!box) {
      box = make("div", { className: "anything__kept" });
      box.dataset.kept = "";
      box.setAttribute("role", "status");
      form.append(box);
    }
    return box;
  };

  const tools = {
    url: { page: "/check/url", what: "This is a URL.", why: "An ingest URL holds your stream key: it is not sent, it stays in this browser.", verb: "Check this URL" },
    log: { page: "/check/log", what: "This is more than a code or a message.", why: "It is not sent: it stays in this browser.", verb: "Read it as a log or an event" },
    report: { page: "/check/file", what: "This is a report that was saved here.", why: "It is not sent: it stays in this browser.", verb: "Open the report" },
    file: { page: "/check/file", verb: "Check the recording" },
  };

  const failed = (form, kind) => {
    const box = keptBox(form);
    box.replaceChildren(
      make("p", {}, make("strong", { textContent: "This browser passes nothing from page to page. " }), "Open ",
        make("a", { href: tools[kind].page, textContent: "the page that reads it" }), " and put it in there."),
    );
    box.hidden = false;
  };

  const hand = async (form, thing) => {
    if (window.ingestHandover && await ingestHandover.go(thing)) return;
    failed(form, thing.kind);
  };

  // keep says what a text is and where it can go, and sends nothing.
  const keep = (form, text, kind) => {
    const box = keptBox(form);
    const tool = tools[kind];
    const lines = text.split("\n").length;
    const button = make("button", { type: "button", className: "btn btn--primary", textContent: tool.verb });
    button.addEventListener("click", () => hand(form, { kind, text }));
    box.replaceChildren(
      make("p", {}, make("strong", { textContent: `${lines > 1 ? `${lines} lines. ` : ""}${tool.what} ` }), tool.why),
      make("p", {}, button),
    );
    const codes = kind === "log" ? codesIn(text) : [];
    if (codes.length > 0) {
      const list = make("p", { className: "cluster small" }, "Or look up one code of it, and send that alone: ");
      for (const code of codes) list.append(make("a", { className: "chip", href: `/search?q=${encodeURIComponent(code)}`, textContent: code }));
      box.append(list);
    }
    box.hidden = false;
  };

  // What a text is that must not be sent; "" for what the search may be asked.
  const kindOf = (text) => {
    const kind = window.ingestHandover ? ingestHandover.kindOfText(text) : "";
    return kind || (secretIn(text) || isLong(text) ? "log" : "");
  };

  // What stands in a box, as it was pasted: a box of one line loses line breaks.
  const textOf = (input) => {
    const pasted = input.dataset.paste;
    return pasted && pasted.replace(/\s+/g, " ").trim().startsWith(input.value.trim().slice(0, 200)) ? pasted : input.value;
  };

  let left = 0; // when a suggestion was taken

  // leave is what happens to a text instead of being sent; false when it may be.
  const leave = (form, input) => {
    const text = textOf(input);
    if (text.trim() === "") {
      input.focus();
      return true;
    }
    if (text.startsWith(`${location.origin}/`) && !/[?#]/.test(text)) { // a page of ours
      location.assign(text.trim());
      return true;
    }
    const kind = kindOf(text);
    if (!kind) return false;
    close();
    hand(form, { kind, text });
    return true;
  };

  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (!(form instanceof HTMLFormElement) || new URL(form.action).pathname !== "/search") return;
    // the Enter that took a suggestion does not search too
    if (Date.now() - left < 500 || leave(form, form.querySelector("[name=q]"))) e.preventDefault();
  });

  // The browser's own check of a box is for pages without script: it stops what
  // looks like a URL. Here that goes where it belongs.
  document.addEventListener("invalid", (e) => {
    const input = e.target;
    if (!(input instanceof HTMLInputElement) || !input.matches("[data-suggest]")) return;
    e.preventDefault();
    if (!leave(input.form, input)) input.form.submit();
  }, true);

  // A box of one line would lose the line breaks of a paste, and a limit its end.
  document.addEventListener("paste", (e) => {
    const input = e.target;
    if (!(input instanceof HTMLInputElement) || !input.matches("[data-suggest]")) return;
    const text = e.clipboardData?.getData("text/plain") || "";
    delete input.dataset.paste;
    const kind = kindOf(text);
    if (!kind) return;
    e.preventDefault();
    input.value = text.replace(/\s+/g, " ").trim().slice(0, 500);
    input.dataset.paste = text;
    close();
    keep(input.form, text, kind);
  });

  // ---- files, on the home page ----

  const anything = document.querySelector("[data-anything]");

  const takeFiles = async (files) => {
    if (files.length === 0 || !window.ingestHandover) return;
    const kinds = await Promise.all(files.map((f) => ingestHandover.kindOf(f).catch(() => "unreadable")));
    const kind = kinds[0];
    const box = keptBox(anything);
    if (kind === "unreadable") {
      box.replaceChildren(make("p", {}, "This file could not be read: it may be a folder, or it was moved."));
      box.hidden = false;
      return;
    }
    box.replaceChildren(make("p", {}, "Handing ", make("strong", { textContent: files[0].name || "the file" }), " to the page that reads it, inside this browser…"));
    box.hidden = false;
    // a log is read one at a time, recordings in turn
    const same = files.filter((f, i) => kinds[i] === kind);
    if (kind === "report") hand(anything, { kind, text: await (files[0].file || files[0]).text() });
    else hand(anything, { kind, files: kind === "file" ? same : same.slice(0, 1) });
  };

  if (anything) {
    const carriesFiles = (e) => e.dataTransfer && Array.from(e.dataTransfer.types).includes("Files");
    let depth = 0;
    const over = (n) => {
      depth = Math.max(0, n);
      document.body.toggleAttribute("data-dropping", depth > 0);
    };
    addEventListener("dragenter", (e) => carriesFiles(e) && over(depth + 1));
    addEventListener("dragleave", (e) => carriesFiles(e) && over(depth - 1));
    addEventListener("dragover", (e) => {
      if (!carriesFiles(e)) return;
      e.preventDefault();
      e.dataTransfer.dropEffect = "copy";
    });
    addEventListener("drop", async (e) => {
      if (!carriesFiles(e)) return;
      e.preventDefault();
      over(0);
      takeFiles(await ingestHandover.filesOf(e.dataTransfer));
    });
    addEventListener("paste", async (e) => {
      if (e.clipboardData?.files.length > 0) takeFiles(await ingestHandover.filesOf(e.clipboardData));
    });
    const chooser = anything.querySelector("[data-anything-file]");
    chooser?.addEventListener("change", () => {
      const files = [...chooser.files];
      chooser.value = "";
      takeFiles(files);
    });
  }

  // ---- suggestions ----

  let list; // the listbox that is open
  let owner; // its input
  let active = -1;
  let asked = 0;
  let timer;
  let live;

  const say = (text) => {
    if (!live || !live.isConnected) {
      live = make("div", { className: "sr-only" });
      live.setAttribute("aria-live", "polite");
      document.documentElement.append(live);
    }
    live.textContent = text;
  };

  function close() {
    clearTimeout(timer);
    asked++;
    list?.remove();
    list = undefined;
    active = -1;
    if (owner) {
      owner.setAttribute("aria-expanded", "false");
      owner.removeAttribute("aria-activedescendant");
    }
  }

  const choose = (n) => {
    const options = [...list.children];
    active = (n + options.length) % options.length;
    options.forEach((o, i) => o.setAttribute("aria-selected", String(i === active)));
    options[active].scrollIntoView({ block: "nearest" });
    owner.setAttribute("aria-activedescendant", options[active].id);
  };

  const show = (input, results) => {
    close();
    owner = input;
    if (results.length === 0) {
      say("No suggestions");
      return;
    }
    list = make("ul", { className: "suggest", id: "suggestions" });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    results.forEach((r, i) => {
      const o = make("li", { id: `suggestion-${i}` }, make("b", { textContent: r.title }), make("span", { textContent: [r.code, r.platform].filter(Boolean).join(" · ") }));
      o.setAttribute("role", "option");
      o.setAttribute("aria-selected", "false");
      o.dataset.url = r.url;
      list.append(o);
    });
    // on the page, not beside the input: go-app owns what is inside the header
    const at = input.getBoundingClientRect();
    document.documentElement.append(list);
    // the policy blocks style attributes, not properties that a script sets
    list.style.top = `${at.bottom + scrollY + 4}px`;
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - Math.max(at.width, Math.min(360, innerWidth - 16)) - 8)) + scrollX}px`;
    list.style.width = `${Math.max(at.width, Math.min(360, innerWidth - 16))}px`;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", "suggestions");
    input.setAttribute("aria-expanded", "true");
    say(`${results.length} ${results.length === 1 ? "suggestion" : "suggestions"}, arrow keys to choose`);
  };

  document.addEventListener("input", (e) => {
    const input = e.target;
    if (!(input instanceof HTMLInputElement) || !input.matches("[data-suggest]")) return;
    delete input.dataset.paste;
    clearTimeout(timer);
    const text = input.value.trim();
    const kept = input.form?.querySelector("[data-kept]");
    if (kept) kept.hidden = true;
    // a URL or a key in the making is not sent either
    if (text.length < 2 || kindOf(text) || secretIn(text) || isLong(text) || /:\/|^(?:rtmps?|srt|https?|whip|rtsp):/i.test(text)) {
      close();
      return;
    }
    timer = setTimeout(async () => {
      const mine = ++asked;
      try {
        const res = await fetch(`/api/v1/search?limit=8&q=${encodeURIComponent(text)}`);
        const answer = await res.json();
        if (mine === asked && document.activeElement === input && res.ok) show(input, answer.results);
      } catch {
        if (mine === asked) close();
      }
    }, 120);
  });

  document.addEventListener("keydown", (e) => {
    if (!list || e.target !== owner || e.isComposing) return;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      // what is being chosen from is not replaced by a late answer
      clearTimeout(timer);
      asked++;
    }
    if (e.key === "ArrowDown") choose(active + 1);
    else if (e.key === "ArrowUp") choose(active < 0 ? -1 : active - 1);
    else if (e.key === "Escape") close();
    else if (e.key === "Enter" && active >= 0) {
      left = Date.now();
      location.assign(list.children[active].dataset.url);
    } else if (e.key === "Tab") {
      close();
      return;
    } else return;
    e.preventDefault();
  });
  document.addEventListener("mousedown", (e) => {
    const option = e.target instanceof Element && e.target.closest(".suggest [role=option]");
    if (option) {
      e.preventDefault();
      if (e.button === 0) location.assign(option.dataset.url);
    } else if (list && e.target !== owner) close();
  });
  document.addEventListener("focusout", (e) => {
    if (e.target === owner) close();
  });
  addEventListener("resize", close);

  // ---- the reader's own encoder ----

  const showEncoder = async (select) => {
    const body = select.closest("[data-encoder-box]")?.querySelector("[data-encoder-body]");
    if (!body) return;
    try {
      const res = await fetch(`${location.pathname}?encoder=${encodeURIComponent(select.value)}`);
      if (!res.ok) return;
      const page = new DOMParser().parseFromString(await res.text(), "text/html");
      const fresh = page.querySelector("[data-encoder-body]");
      if (fresh) body.replaceChildren(...fresh.childNodes);
    } catch {
      // without the network the button still leads there
    }
  };
  const select = document.querySelector("[data-encoder]");
  if (select) {
    const saved = recall("encoder");
    if (select.value) remember("encoder", select.value);
    else if (saved && [...select.options].some((o) => o.value === saved)) {
      select.value = saved;
      showEncoder(select);
    }
    select.addEventListener("change", () => {
      remember("encoder", select.value);
      showEncoder(select);
    });
  }

  // ---- lists ----

  for (const button of document.querySelectorAll("[data-copy-page]")) {
    button.dataset.copy = location.origin + location.pathname;
  }
})();
