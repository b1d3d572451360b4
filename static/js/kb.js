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
      form.append(box);
    }
    box.setAttribute("role", "status");
    return box;
  };

  const keep = (form, text) => {
    const box = keptBox(form);
    const url = /^\s*[a-z][a-z0-9+.-]*:\/\/\S+\s*$/i.test(text);
    box.replaceChildren();
    if (url) {
      box.append(
        make("p", {}, make("strong", { textContent: "This looks like a URL. It was not sent: " }), "an ingest URL holds your stream key, and it stays in this browser."),
        make("p", {}, "Its form, by platform: ", make("a", { href: "/platforms", textContent: "how each platform takes a stream" }),
          ". What we find in URLs: ", make("a", { href: "/rules#ingest-urls", textContent: "the rules" }), ". To check it on your own machine: "),
        make("pre", {}, make("code", { textContent: "ingestdoctor url -" })),
      );
    } else {
      box.append(make("p", {}, make("strong", { textContent: "This paste was not sent. " }), "It is long, or holds a URL or a key, and stays in this browser."));
      const codes = codesIn(text);
      const rest = strip(text);
      if (codes.length > 0) {
        const list = make("p", { className: "cluster" }, "Found in it: ");
        for (const code of codes) list.append(make("a", { className: "chip", href: `/search?q=${encodeURIComponent(code)}`, textContent: code }));
        box.append(list, make("p", { className: "small", textContent: "Only the one that you choose is sent." }));
      } else if (rest.length > 3 && !isLong(text)) {
        box.append(make("p", {}, "Without the URL: ", make("a", { href: `/search?q=${encodeURIComponent(rest)}`, textContent: `search for “${rest.slice(0, 120)}”` })));
      } else {
        box.append(make("p", { textContent: "No code was recognised in it. Paste the one line that names the error." }));
      }
    }
    box.hidden = false;
  };

  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (!(form instanceof HTMLFormElement) || new URL(form.action).pathname !== "/search") return;
    const input = form.querySelector("[name=q]");
    const text = input.dataset.paste && input.dataset.paste.replace(/\s+/g, " ").trim().startsWith(input.value.trim().slice(0, 200)) ? input.dataset.paste : input.value;
    if (secretIn(text) || isLong(text)) {
      e.preventDefault();
      close();
      keep(form, text);
    } else if (text.trim() === "") {
      e.preventDefault();
      input.focus();
    }
  });

  // A box of one line would lose the line breaks of a paste, and a limit its end.
  document.addEventListener("paste", (e) => {
    const input = e.target;
    if (!(input instanceof HTMLInputElement) || !input.matches("[data-suggest]")) return;
    const text = e.clipboardData?.getData("text/plain") || "";
    delete input.dataset.paste;
    if (isLong(text) || secretIn(text)) {
      e.preventDefault();
      input.value = text.replace(/\s+/g, " ").trim().slice(0, 500);
      input.dataset.paste = text;
      close();
      keep(input.form, text);
    }
  });

  document.addEventListener("dragover", (e) => {
    if (document.querySelector("[data-anything]") && e.dataTransfer?.types.includes("Files")) e.preventDefault();
  });
  document.addEventListener("drop", (e) => {
    const form = document.querySelector("[data-anything]");
    if (!form || !e.dataTransfer?.files.length) return;
    e.preventDefault();
    const box = keptBox(form);
    box.replaceChildren(
      make("p", {}, make("strong", { textContent: "A file is read on its own page, in your browser. " }), make("a", { href: "/check/file", textContent: "Open the check of a recording" }), " and drop it there."),
    );
    box.hidden = false;
  });

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
    if (text.length < 2 || secretIn(text) || isLong(text) || /:\/|^(?:rtmps?|srt|https?|whip|rtsp):/i.test(text)) {
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
    if (e.key === "ArrowDown") choose(active + 1);
    else if (e.key === "ArrowUp") choose(active < 0 ? -1 : active - 1);
    else if (e.key === "Escape") close();
    else if (e.key === "Enter" && active >= 0) location.assign(list.children[active].dataset.url);
    else if (e.key === "Tab") {
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
