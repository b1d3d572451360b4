// What every page shares: the theme switch, the search shortcuts, copy buttons.
// Everything listens on the document, for go-app replaces the page's elements
// when its program starts.
(() => {
  const root = document.documentElement;

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

  // ---- announcements ----

  // One polite region outside of what go-app replaces: as a child of <html> it
  // outlives the body's content.
  let live;
  let liveTimer;
  const announce = (text) => {
    if (!live || !live.isConnected) {
      live = document.createElement("div");
      live.className = "live";
      live.setAttribute("role", "status");
      live.setAttribute("aria-live", "polite");
      root.append(live);
    }
    clearTimeout(liveTimer);
    live.textContent = "";
    // A region made in this turn is read only when its text changes in a later one.
    setTimeout(() => {
      live.textContent = text;
    }, 30);
    liveTimer = setTimeout(() => {
      live.textContent = "";
    }, 4000);
  };

  // ---- theme ----

  const themes = ["auto", "light", "dark"];
  const themeWords = { auto: "as the system", light: "light", dark: "dark" };
  const labelTheme = () => {
    const choice = root.dataset.themeChoice || "auto";
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      const label = `Theme: ${themeWords[choice]}`;
      if (button.getAttribute("aria-label") !== label) {
        button.setAttribute("aria-label", label);
        button.title = label;
      }
    }
  };
  const setTheme = (choice) => {
    root.dataset.themeChoice = choice;
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    remember("theme", choice);
    labelTheme();
    // plots are drawn on a canvas and must be told
    document.dispatchEvent(new CustomEvent("themechange", { detail: choice }));
    announce(`Theme: ${themeWords[choice]}`);
  };

  // ---- search ----

  const slashOn = () => recall("slash") !== "off";
  const markSlash = () => {
    for (const box of document.querySelectorAll("[data-slash-switch]")) box.checked = slashOn();
    for (const hint of document.querySelectorAll("[data-slash-hint]")) {
      hint.textContent = slashOn() ? "/" : "Ctrl K";
    }
  };
  const focusSearch = () => {
    const input = document.querySelector("[data-search]");
    if (!input) return false;
    input.focus();
    input.select();
    return true;
  };
  const isTyping = (el) =>
    el instanceof HTMLElement &&
    (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));

  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.altKey || e.shiftKey) return;
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
      if (focusSearch()) e.preventDefault();
    } else if (e.key === "/" && !e.ctrlKey && !e.metaKey && slashOn() && !isTyping(e.target)) {
      if (focusSearch()) e.preventDefault();
    }
  });

  // ---- copying ----

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // no clipboard on plain http: the old way
      const area = document.createElement("textarea");
      const before = document.activeElement;
      area.value = text;
      area.className = "sr-only";
      area.setAttribute("aria-hidden", "true");
      root.append(area);
      area.select();
      let ok = false;
      try {
        ok = document.execCommand("copy");
      } catch {
        ok = false;
      }
      area.remove();
      if (before instanceof HTMLElement) before.focus();
      return ok;
    }
  };

  const copyFrom = async (button) => {
    const from = button.dataset.copyFrom;
    const text = from ? document.querySelector(from)?.textContent : button.dataset.copy;
    if (!text) return;
    if (await copy(text)) {
      button.dataset.copied = "";
      setTimeout(() => delete button.dataset.copied, 2000);
      announce(button.dataset.copyDone || "Copied");
    } else {
      announce("Copying is blocked here: select the text and press Ctrl C");
    }
  };

  document.addEventListener("click", (e) => {
    if (!(e.target instanceof Element)) return;
    const button = e.target.closest("[data-copy], [data-copy-from]");
    if (button) {
      copyFrom(button);
      return;
    }
    if (e.target.closest("[data-theme-switch]")) {
      const now = themes.indexOf(root.dataset.themeChoice || "auto");
      setTheme(themes[(now + 1) % themes.length]);
    }
  });

  document.addEventListener("change", (e) => {
    if (e.target instanceof HTMLInputElement && e.target.matches("[data-slash-switch]")) {
      remember("slash", e.target.checked ? "on" : "off");
      markSlash();
    }
  });

  const mark = () => {
    labelTheme();
    markSlash();
  };
  mark();
  // go-app draws the header anew when it starts; only direct changes of the page's frame matter
  new MutationObserver(mark).observe(document.body, { childList: true });
  document.addEventListener("focusin", mark);
  addEventListener("storage", (e) => {
    if (e.key === "theme" && themes.includes(e.newValue)) {
      root.dataset.themeChoice = e.newValue;
      if (e.newValue === "auto") delete root.dataset.theme;
      else root.dataset.theme = e.newValue;
    }
    mark();
  });
})();
