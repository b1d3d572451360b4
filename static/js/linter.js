'use strict';
// The page's side of the linter: over client.js it keeps worker-linter.js with
// linter.wasm warm, and it underlines what was found in the field. It needs
// nothing of go-app: a page says where the parts are.
//
//   <div data-linter="start" data-worker="…/worker-linter.js" data-wasm="…/linter.wasm"
//        data-scripts="…/wasm_exec.js …/worker-core.js" data-version="v1.2">
//
// begins to load when this script runs. With data-linter="" it begins at
// ingestLinter.start(); start({worker, wasm, scripts, version}) needs no element.
//
//   ingestLinter.start([where])          may be called again: it starts once
//   ingestLinter.listen(fn)              fn(message) for each message below
//   ingestLinter.lint(id, what)          the newest wins: while one is judged, only the last waits
//   ingestLinter.sign(id, what, expiry)  expiry in Unix seconds
//   ingestLinter.rates(id, what, video, audio)
//   ingestLinter.forget()                drops what was typed from the worker's memory
//   ingestLinter.about                   the JSON of 'ready', '' until then
//   ingestLinter.field(input, marks, which)  a Field, see there: underlines what is found in it
//
// id is a number of the caller's; what is {text, key, split, profile, signKey}: the URL, or with
// split the server field and the key field; profile '' for the one that the URL tells.
//
// Messages: {t: 'ready', about}
//           {t: 'linted', id, report, plain, ms}  report: JSON text of a diag report with the members that
//               wasm/ingest/json.go describes, its secrets masked, safe to show and share;
//               plain: JSON text {mended, parts[], settings[][]}, what is masked there;
//               each finding's start and end are bytes of the text (of the key where field is "key")
//           {t: 'made', id, url, shown}           of sign and rates; '' where that cannot be
//           {t: 'failed', id, text, fatal}        text is for a person; fatal: it cannot start
(() => {
  const LONGEST = 40000; // characters that are handed over; the linter takes 16 kB and says so

  let next = null;    // the newest one behind what runs
  const fields = new Set();

  const client = ingestClient('the linter', receive);
  window.ingestLinter = {get about() { return client.about; }, start, listen: client.listen, lint, sign, rates, forget, field};

  function start(given) {
    if (client.started) return;
    const el = document.querySelector('[data-linter]');
    const where = given || (el && el.dataset);
    if (!where) throw new Error('linter: nothing says where its parts are');
    const {worker, wasm, scripts, version} = where;
    client.start({worker, wasm, scripts, version});
  }

  if (document.querySelector('[data-linter="start"]')) start();

  function receive(message) {
    if (message.t === 'linted') {
      underline(message.report);
      client.ended(message.id);
    }
    if (next && !client.running) {
      const m = next;
      next = null;
      send(m);
    }
    return true;
  }

  function post(message) {
    start();
    client.post(message);
  }

  // underline shows the findings in the fields, if they still hold the text that
  // was judged.
  function underline(report) {
    const judged = client.running;
    if (fields.size === 0 || !judged) return;
    const {findings} = JSON.parse(report);
    for (const f of fields) {
      f.paint(f.which === 'key' ? judged.what.key : judged.what.text,
        findings.filter((x) => x.start !== undefined && (x.field === 'key') === (f.which === 'key')));
    }
  }

  function send(message) {
    client.running = message;
    post(message);
  }

  const short = (what) => ({...what, text: (what.text || '').slice(0, LONGEST), key: (what.key || '').slice(0, LONGEST)});

  function lint(id, what) {
    const message = {t: 'lint', id, what: short(what)};
    if (client.running) next = message;
    else send(message);
  }

  function sign(id, what, expiry) { post({t: 'sign', id, what: short(what), expiry}); }

  function rates(id, what, video, audio) { post({t: 'rates', id, what: short(what), video, audio}); }

  function forget() {
    next = null;
    if (client.withdraw((m) => m.t === 'lint')) client.running = null;
    client.now({t: 'forget'});
  }

  // ---------- the field ----------

  // A Field underlines places of a text area. marks is an element in the same grid
  // cell, behind it, with the same font, padding and wrapping (.marked in
  // url.css): it holds the same text, invisible, and gives the cell its height.
  // which is 'key' for the key field, else 'text': what comes back from lint is
  // painted by itself, into fields that still hold the text that was judged.
  //
  //   paint(text, spans)      spans: [{start, end, severity}] in bytes
  //   select(start, end)      selects that range (bytes) and brings it into view
  //   replace(text)           as if typed, so that Ctrl-Z brings the old text back
  //   set(text)               without an input event
  //   clear()                 empties the field, with an input event
  //   close()
  class Field {
    constructor(input, marks, which) {
      this.input = input;
      this.marks = marks;
      this.which = which === 'key' ? 'key' : 'text';
      this.text = null;
      this.ranges = [];          // {from, to, severity} in UTF-16 units
      this.onInput = () => this.mirror();
      // A URL is one line; what is pasted stays as it is.
      this.onBreak = (e) => { if (e.inputType === 'insertLineBreak') e.preventDefault(); };
      // What was typed does not come back with the Back button.
      this.onLeave = () => this.clear();
      input.addEventListener('input', this.onInput);
      input.addEventListener('beforeinput', this.onBreak);
      addEventListener('pagehide', this.onLeave);
      fields.add(this);
      this.mirror();
    }

    close() {
      this.input.removeEventListener('input', this.onInput);
      this.input.removeEventListener('beforeinput', this.onBreak);
      fields.delete(this);
      removeEventListener('pagehide', this.onLeave);
    }

    // mirror follows the text at once; marks on what did not change stay, until
    // the new ones come.
    mirror() {
      const now = this.input.value;
      if (now === this.text) return;
      const before = this.text || '';
      const most = Math.min(before.length, now.length);
      let head = 0;
      while (head < most && before[head] === now[head]) head++;
      let tail = 0;
      while (tail < most - head && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
      const shift = now.length - before.length;
      const kept = [];
      for (const r of this.ranges) {
        if (r.to <= head) kept.push(r);
        else if (r.from >= before.length - tail) kept.push({...r, from: r.from + shift, to: r.to + shift});
      }
      this.text = now;
      this.ranges = kept;
      this.draw();
    }

    paint(text, spans) {
      if (text !== this.input.value) return;
      this.text = text;
      const at = units(text, spans.flatMap((s) => [s.start, s.end]));
      this.ranges = spans.map((s) => ({from: at(s.start), to: at(s.end), severity: s.severity}));
      this.draw();
    }

    draw() {
      const cuts = new Set([0, this.text.length]);
      for (const r of this.ranges) {
        cuts.add(r.from);
        cuts.add(r.to);
      }
      const list = [...cuts].sort((a, b) => a - b);
      const nodes = [];
      list.forEach((from, i) => {
        const points = this.ranges.filter((r) => r.from === from && r.to === from);
        if (points.length > 0) nodes.push(mark('', points, true));
        if (i + 1 === list.length) return;
        const piece = this.text.slice(from, list[i + 1]);
        const over = this.ranges.filter((r) => r.from <= from && r.to >= list[i + 1]);
        if (over.length === 0) nodes.push(piece);
        else nodes.push(mark(piece, over, INVISIBLE.test(piece)));
      });
      nodes.push('\u200b');      // so that a last, empty line has its height
      this.marks.replaceChildren(...nodes);
    }

    select(start, end) {
      const at = units(this.input.value, [start, end]);
      this.input.focus();
      this.input.setSelectionRange(at(start), at(end));
      this.input.scrollIntoView({block: 'nearest'});
    }

    replace(text) {
      this.input.focus();
      this.input.select();
      let done = false;
      try {
        done = document.execCommand(text ? 'insertText' : 'delete', false, text);
      } catch (err) {
        done = false;
      }
      if (!done || this.input.value !== text) {
        this.input.value = text;
        this.input.dispatchEvent(new Event('input', {bubbles: true}));
      }
    }

    set(text) {
      this.input.value = text;
      this.mirror();
    }

    clear() {
      if (this.input.value === '') return;
      this.input.value = '';
      this.input.dispatchEvent(new Event('input', {bubbles: true}));
    }
  }

  // Characters that take no room: they are shown as a caret.
  const INVISIBLE = /^[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+$/;

  const RANK = {error: 3, warning: 2, info: 1};

  function mark(piece, ranges, caret) {
    const el = document.createElement('mark');
    const worst = ranges.reduce((w, r) => (RANK[r.severity] || 0) > (RANK[w] || 0) ? r.severity : w, 'info');
    el.className = 'marked__at marked__at--' + worst + (caret ? ' marked__at--caret' : '');
    el.textContent = piece;
    return el;
  }

  // units finds the UTF-16 positions of byte offsets in the text's UTF-8.
  function units(text, offsets) {
    const wanted = [...new Set(offsets)].sort((a, b) => a - b);
    const found = new Map();
    let bytes = 0;
    let i = 0;
    for (const offset of wanted) {
      while (bytes < offset && i < text.length) {
        const c = text.codePointAt(i);
        bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        i += c < 0x10000 ? 1 : 2;
      }
      found.set(offset, i);
    }
    return (offset) => found.get(offset);
  }

  function field(input, marks, which) { return new Field(input, marks, which); }
})();
