'use strict';
// The page's side of the reader of logs: over client.js it keeps worker-log.js
// with explainer.wasm warm, and it draws the lines of what was pasted.
//
//   ingestExplainer.start({worker, wasm, scripts, version})  addresses; may be called again: it starts once
//   ingestExplainer.listen(fn)              fn(message) for each message below
//   ingestExplainer.explain(id, what)       what is {text, name, files, profile}; a new one ends the one before
//   ingestExplainer.cancel(id)
//   ingestExplainer.forget()                drops what was read from the worker's memory
//   ingestExplainer.about                   the JSON of 'ready', '' until then
//   ingestExplainer.draw(element, json)     draws the lines of a part into an element; see Lines
//   ingestExplainer.point(from, to)         brings lines into view and marks them; 0, 0 marks none
//   ingestExplainer.onLines(fn)             fn(first, last, key) when a button with data-lines="12-14" is chosen
//   ingestExplainer.onMark(fn)              fn(key) when the mark of a finding is chosen
//   ingestExplainer.box(textarea)           tells what is typed or pasted there, as 'typed'
//   ingestExplainer.fill(text)              puts a text there, as if it had been pasted
//   ingestExplainer.empty()                 empties it, without a word
//
// Messages are those of worker-log.js but 'begun' and 'lines', and
//   {t: 'stopped', id}                      cancelled, without the worker's answer
//   {t: 'typed', text, chars, kind, big, pasted}    kind as handover.js tells it: url, log, report or ''; big: a paste that
//                                           would make the text area slow, and was kept out of it
(() => {
  const CANCEL_MS = 1000; // a worker that has not stopped by then is replaced

  let shown = null;     // the Lines on the page
  let marked = null;
  let pointed = null;
  let asked = 0;

  const client = ingestClient('the reader of logs', receive);
  const {start, listen, tell, post} = client;
  window.ingestExplainer = {
    get about() { return client.about; }, start, listen, explain, cancel, forget, draw, point, box, fill, empty,
    onMark: (fn) => { marked = fn; }, onLines: (fn) => { pointed = fn; },
  };

  function receive(message) {
    switch (message.t) {
      case 'begun':
        if (client.running && client.running.id === message.id) client.running.begun = true;
        return false;
      case 'lines':
        if (shown) shown.receive(message);
        return false;
      case 'done':
        client.ended(message.id);
        break;
    }
    return true;
  }

  function explain(id, what) {
    const message = {t: 'explain', id, ...what};
    client.withdraw((m) => m.t === 'explain');
    const before = client.running;
    client.running = {id, message};
    post(message);
    if (!before) return;
    // The one before ends at once, or the worker hangs.
    client.within(CANCEL_MS, () => {
      if (!client.running || client.running.begun) return;
      const again = client.running;
      client.replace();
      client.running = again;
      post(again.message);
    });
  }

  function cancel(id) {
    if (client.running && client.running.id === id) client.cancel(id, CANCEL_MS);
  }

  function forget() {
    client.withdraw((m) => m.t === 'explain');
    if (client.running) client.ended(client.running.id);
    client.now({t: 'forget'});
    if (shown) shown.close();
    shown = null;
  }

  // ---------- the text area ----------

  const LONG = 1000000;       // characters that a text area takes without a pause
  const QUIET_MS = 300;       // what is typed is read after a pause

  let boxed = null;
  let typing = 0;

  function box(el) {
    if (!el || boxed === el) return;
    boxed = el;
    let pasted = false;
    el.addEventListener('paste', (e) => {
      if (!e.clipboardData || e.clipboardData.files.length > 0) return; // tool.js takes files
      pasted = true;
      const text = e.clipboardData.getData('text/plain');
      if (text.length <= LONG) return;
      e.preventDefault();
      big(text);
    });
    el.addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(typed, pasted ? 0 : QUIET_MS, pasted);
      pasted = false;
    });
    // What was pasted does not come back with the Back button.
    addEventListener('pagehide', () => { el.value = ''; });
  }

  function typed(pasted) {
    const text = boxed.value;
    const told = window.ingestHandover && text.length < 5000 ? window.ingestHandover.kindOfText(text) : 'log';
    tell({t: 'typed', text, chars: text.trim() === '' ? 0 : text.length, kind: told, big: false, pasted});
  }

  function big(text) {
    boxed.value = '';
    tell({t: 'typed', text, chars: text.length, kind: 'log', big: true, pasted: true});
  }

  function fill(text) {
    if (!boxed) return;
    if (text.length > LONG) {
      big(text);
      return;
    }
    boxed.value = text;
    boxed.scrollTop = 0;
    clearTimeout(typing);
    typed(true);
  }

  function empty() {
    clearTimeout(typing);
    if (boxed) boxed.value = '';
  }

  // ---------- the lines ----------

  const SMALL = 400;          // so many lines are drawn as a whole, wrapped
  const SMALL_BYTES = 200000;
  const MORE = 40;            // lines above and below the window that are drawn too
  const CACHE = 3000;         // lines that are kept
  const HIGHEST = 15e6;       // px; browsers draw no higher element

  // Lines draws a part's lines: all of them, wrapped, where they are few; else
  // those in the window, in rows of one height. json is
  // {part, run, lines, longest, read, marks: [{first, last, severity, key, title, told}]}; told: lines of
  // the mark that say so.
  class Lines {
    constructor(host, spec, json) {
      Object.assign(this, {host, json}, spec);
      this.small = this.lines <= SMALL && this.read <= SMALL_BYTES;
      this.cache = new Map();
      this.rows = new Map();
      this.on = null;
      this.pending = 0;
      this.byLine = new Map();
      this.told = new Map();
      const note = (map, n, m) => {
        const old = map.get(n);
        if (!old || RANK[m.severity] > RANK[old.severity]) map.set(n, m);
      };
      for (const m of this.marks) {
        for (let n = m.first; n <= Math.min(m.last, m.first + 500); n++) note(this.byLine, n, m);
        for (const n of m.told) note(this.told, n, m);
      }
      this.space = make('div', 'log__space');
      this.list = make('div', 'log__rows');
      this.space.append(this.list);
      host.replaceChildren(this.space);
      host.classList.toggle('log--wrap', this.small);
      host.scrollTop = 0;
      host.scrollLeft = 0;
      this.onScroll = () => this.schedule();
      this.onKey = (e) => this.key(e);
      this.onWheel = (e) => this.wheel(e);
      host.addEventListener('scroll', this.onScroll, {passive: true});
      host.addEventListener('keydown', this.onKey);
      host.addEventListener('wheel', this.onWheel, {passive: false});
      this.sizes = new ResizeObserver(() => this.measure());
      this.sizes.observe(host);
      this.row = 0;
      this.measure();
    }

    close() {
      this.host.removeEventListener('scroll', this.onScroll);
      this.host.removeEventListener('keydown', this.onKey);
      this.host.removeEventListener('wheel', this.onWheel);
      this.sizes.disconnect();
      this.host.replaceChildren();
    }

    measure() {
      if (!this.small) {
        this.row = 1.5 * parseFloat(getComputedStyle(document.documentElement).fontSize);
        this.total = this.lines * this.row;
        this.height = Math.min(this.total, HIGHEST);
        this.space.style.height = this.height + 'px';
        this.space.style.width = `calc(${Math.min(this.longest, 4000)}ch + 7rem)`;
      }
      this.schedule();
    }

    // factor is how many px of text a px of scrolling stands for.
    get factor() {
      const room = this.host.clientHeight;
      return this.height > room ? (this.total - room) / (this.height - room) : 1;
    }

    schedule() {
      if (this.frame) return;
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.render();
      });
    }

    render() {
      if (!this.host.isConnected) return;
      let from = 1;
      let to = this.lines;
      if (!this.small) {
        const top = this.host.scrollTop * this.factor;
        const first = Math.floor(top / this.row);
        from = Math.max(1, first + 1 - MORE);
        to = Math.min(this.lines, first + 1 + Math.ceil(this.host.clientHeight / this.row) + MORE);
        this.list.style.transform = `translateY(${this.host.scrollTop - (top - (from - 1) * this.row)}px)`;
      }
      for (const [n, row] of this.rows) {
        if (n < from || n > to) {
          row.remove();
          this.rows.delete(n);
        }
      }
      let before = null;
      for (let n = from; n <= to; n++) {
        let row = this.rows.get(n);
        if (!row) {
          row = this.build(n);
          this.rows.set(n, row);
          if (before) before.after(row);
          else this.list.prepend(row);
        }
        before = row;
      }
      this.fetch(from, to);
    }

    build(n) {
      const row = make('div', 'log__line');
      row.dataset.line = n;
      const mark = this.told.get(n);
      const around = mark || this.byLine.get(n);
      const number = make(mark ? 'button' : 'span', 'log__n');
      number.textContent = n.toLocaleString('en');
      if (around) row.classList.add('log__line--' + around.severity);
      if (mark) {
        row.classList.add('log__line--told');
        number.type = 'button';
        number.dataset.mark = mark.key;
        number.title = 'To the finding: ' + mark.title;
        number.setAttribute('aria-label', 'Line ' + number.textContent + ', to the finding: ' + mark.title);
        number.addEventListener('click', () => { if (marked) marked(mark.key); });
      }
      row.append(number, make('span', 'log__text'));
      this.fill(row, n);
      return row;
    }

    fill(row, n) {
      const got = this.cache.get(n);
      const text = row.lastChild;
      if (got) {
        text.textContent = visible(got.text);
        if (got.more > 0) {
          const more = make('span', 'log__more');
          more.textContent = ' … ' + got.more.toLocaleString('en') + ' characters more';
          text.append(more);
        }
      }
      const on = this.on && n >= this.on.from && n <= this.on.to;
      row.classList.toggle('log__line--on', !!on);
      if (on) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }

    // fetch asks for what is not there, one window at a time.
    fetch(from, to) {
      if (this.pending) return;
      while (from <= to && this.cache.has(from)) from++;
      while (to >= from && this.cache.has(to)) to--;
      if (from > to) return;
      this.pending = ++asked;
      post({t: 'lines', id: this.pending, part: this.part, from, to: Math.min(to, from + SMALL)});
    }

    receive({id, from, lines}) {
      if (id !== this.pending) return;
      this.pending = 0;
      if (lines.length === 0) return;
      if (this.cache.size > CACHE) {
        for (const n of this.cache.keys()) if (!this.rows.has(n)) this.cache.delete(n);
      }
      lines.forEach((l, i) => this.cache.set(from + i, l));
      if (lines.some((l) => l.gone)) this.pending = -1; // nothing more will come
      for (const [n, row] of this.rows) this.fill(row, n);
      if (this.small && this.on) this.into();
      this.schedule();
    }

    point(from, to) {
      let at = from;
      while (at < to && !this.told.has(at)) at++;
      this.on = from > 0 ? {from, to, at: this.told.has(at) ? at : from} : null;
      for (const [n, row] of this.rows) this.fill(row, n);
      if (this.on) this.into();
    }

    // into scrolls the chosen lines into view.
    into() {
      const {at} = this.on;
      const room = this.host.clientHeight;
      this.host.scrollLeft = 0;
      if (this.small) {
        const row = this.rows.get(at);
        if (row) this.host.scrollTop = row.offsetTop - Math.max(0, (room - row.offsetHeight) / 3);
        return;
      }
      const top = Math.max(0, (at - 1) * this.row - Math.max(0, (room - this.row) / 3));
      this.host.scrollTop = top / this.factor;
      this.render();
    }

    // In a text that is higher than browsers can scroll, wheel and keys move by
    // lines as elsewhere.
    wheel(e) {
      if (this.small || this.factor <= 1 || e.ctrlKey || e.shiftKey || !e.deltaY) return;
      e.preventDefault();
      this.host.scrollTop += e.deltaY * (e.deltaMode === 1 ? this.row : 1) / this.factor;
    }

    key(e) {
      if (this.small || this.factor <= 1 || e.ctrlKey || e.altKey || e.metaKey) return;
      const page = this.host.clientHeight - this.row;
      const by = {ArrowDown: this.row, ArrowUp: -this.row, PageDown: page, PageUp: -page, ' ': e.shiftKey ? -page : page}[e.key];
      if (!by || e.key === ' ' && e.target !== this.host) return;
      e.preventDefault();
      this.host.scrollTop += by / this.factor;
    }
  }

  const RANK = {error: 3, warning: 2, info: 1};

  function make(name, cls) {
    const el = document.createElement(name);
    el.className = cls;
    return el;
  }

  // Characters that print nothing, or turn the direction of writing, are shown as
  // what they are.
  function visible(s) {
    return s.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g,
      (c) => '\\u{' + c.charCodeAt(0).toString(16) + '}');
  }

  document.addEventListener('click', (e) => {
    const button = pointed && e.target.closest && e.target.closest('[data-lines]');
    if (!button) return;
    const [from, to] = button.dataset.lines.split('-').map(Number);
    pointed(from, to, button.dataset.key || '');
  });

  function draw(host, json) {
    if (!host) {
      if (shown) shown.close();
      shown = null;
      return;
    }
    if (shown && shown.host === host && shown.json === json) return;
    if (shown) shown.close();
    shown = new Lines(host, JSON.parse(json), json);
  }

  function point(from, to) {
    if (shown) shown.point(from, to);
  }
})();
