// Ingest Doctor inside other pages, version 1: <ingest-help>, <ingest-search>, <ingest-url-check>.
// The link in an element shows until its frame answers, and stays when it never
// does. No cookies, no storage.
(() => {
  "use strict";
  const base = new URL(document.currentScript.src).origin;
  if (customElements.get("ingest-help")) return;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":host{display:block;margin:1em 0}:host([hidden]){display:none}" +
      "iframe{display:block;width:100%;height:1px;margin-bottom:-1px;border:0;border-radius:8px;visibility:hidden}" +
      ".on iframe{margin:0;visibility:inherit}.on slot{display:none}",
  );
  const live = new Set();
  const make = (tag, props) => Object.assign(document.createElement(tag), props);

  class Element extends HTMLElement {
    static observedAttributes = ["code", "platform", "rule", "profile", "q", "accent", "lang", "theme"];

    connectedCallback() {
      live.add(this);
      if (this.frame) return;
      this.frame = make("iframe", {
        loading: "lazy",
        allow: "clipboard-write",
        referrerPolicy: "no-referrer",
        title: this.title || this.textContent.trim() || this.words,
        onload: () => {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.show(0), 2500);
          this.tell(); // a page that is there answers
        },
      });
      // a frame of the page's own origin could lift it
      if (base !== location.origin)
        this.frame.sandbox = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox";
      this.link = make("a", { textContent: this.words });
      const slot = make("slot");
      slot.append(this.link);
      this.box = make("div");
      this.box.append(slot, this.frame);
      this.load();
      // room kept until the height is known
      this.box.style.minHeight = `${parseInt(this.getAttribute("height")) || 0}px`;
      const shadow = this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [sheet];
      shadow.append(this.box);
    }

    disconnectedCallback() {
      live.delete(this);
      this.show(0);
    }

    attributeChangedCallback(name, before, now) {
      if (!this.frame || before === now) return;
      if (name !== "theme") {
        this.show(0);
        this.load();
      } else if (this.box.className) this.tell();
    }

    load() {
      const query = new URLSearchParams();
      const add = (...names) => names.forEach((n) => this.hasAttribute(n) && query.set(n, this.getAttribute(n)));
      add("profile", "q");
      const path = this.path((n) => (this.getAttribute(n) || "").trim().split("/").map(encodeURIComponent).join("/"));
      this.link.href = `${base}/${path}`;
      this.link.search = query;
      add("theme", "accent", "lang");
      query.set("origin", location.origin);
      this.frame.src = `${base}/embed/${path}?${query}`;
    }

    tell() {
      this.frame.contentWindow?.postMessage({ ingest: "theme", theme: this.getAttribute("theme") }, base);
    }

    show(height) {
      clearTimeout(this.timer);
      this.box.className = height ? "on" : "";
      this.box.style.minHeight = "";
      this.frame.style.height = height ? `${height}px` : "";
    }
  }

  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== base || data?.ingest !== "height" || !(data.height > 0)) return;
    for (const el of live) if (source === el.frame.contentWindow) el.show(Math.min(Math.ceil(data.height), 2e4));
  });

  const define = (name, words, path) =>
    customElements.define(
      name,
      class extends Element {
        words = words;
        path = path;
      },
    );
  define("ingest-help", "Help with this error", (a) => {
    if (a("rule")) return `rules/${a("rule")}`;
    const code = a("platform") ? `${a("platform")}/${a("code")}` : a("code");
    return (/\//.test(code) ? "codes/" : "e/") + code;
  });
  define("ingest-search", "Search error codes", () => "search");
  define("ingest-url-check", "Check an ingest URL", () => "check/url");
})();
