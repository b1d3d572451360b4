'use strict';
// Hands what a person dropped or pasted on one page to the tool on another page,
// inside this browser tab: never through an address, the server or a log. It may
// hold a stream key, so it is deleted as soon as it was taken, when another page
// than the tool's opens in this tab, and when nobody took it within a minute.
//
//   ingestHandover.go({kind, text | files, profile})
//       keeps it and opens the tool's page. A promise of false where the browser
//       keeps nothing (storage blocked or full): then nothing was opened.
//         kind     'url'     an ingest URL               -> /check/url
//                  'log'     a log, an event, a callback -> /check/log
//                  'file'    a recording                 -> /check/file
//                  'report'  a report of ours as JSON    -> /check/file
//                  'compare' the same, beside another    -> /compare
//                  'share'   the same, as a link         -> /compare
//         text     what was pasted, as it was: line ends and all; or
//         files    File objects, or what filesOf gave
//         profile  id of the platform to check against, where it is known
//   ingestHandover.take(kind, fn)
//       calls fn({kind, text, files, profile, problem}) once, a moment later, if
//       something of that kind was handed to this page; otherwise never. text is
//       '' and files is [] where there is none; profile is '' where it is not
//       known: the tool guesses by itself. problem is a sentence for the reader
//       where files could not be passed on, else ''.
//   ingestHandover.filesOf(dataTransfer)
//       a promise of what go and kindOf take, from a drop or a paste; call it
//       within the event.
//   ingestHandover.kindOf(file)
//       a promise of the kind that a file is, by its name and its first bytes
//   ingestHandover.kindOfText(text)
//       'url', 'log', 'report', or '' for what the search may be asked
//
// A tool calls take once, when it can receive; in go-app:
//
//   app.Window().Get("ingestHandover").Call("take", "url", app.FuncOf(...))
(() => {
  const pages = {url: '/check/url', log: '/check/log', file: '/check/file', report: '/check/file', compare: '/compare', share: '/compare'};
  const slot = 'ingestHandover';
  const minute = 60 * 1000;
  const longText = 500 * 1000; // characters that sessionStorage takes everywhere
  const small = 64 * 1000 * 1000; // bytes that are copied without a thought

  // ---- the files' store ----

  const open = () => new Promise((resolve, reject) => {
    const req = indexedDB.open(slot, 1);
    req.onupgradeneeded = () => req.result.createObjectStore('kept');
    req.onsuccess = () => resolve(req.result);
    req.onerror = () => reject(req.error);
    req.onblocked = () => reject(new Error('blocked'));
  });
  const run = async (mode, work) => {
    const db = await open();
    try {
      return await new Promise((resolve, reject) => {
        const t = db.transaction('kept', mode);
        const req = work(t.objectStore('kept'));
        t.oncomplete = () => resolve(req && req.result);
        t.onerror = t.onabort = () => reject(t.error || new Error('aborted'));
      });
    } finally {
      db.close();
    }
  };
  // What a tab left that was closed on the way.
  const sweep = async () => {
    const keys = await run('readonly', (s) => s.getAllKeys());
    const old = keys.filter((k) => !(Math.abs(Date.now() - parseInt(k, 10)) < 10 * minute));
    if (old.length > 0) await run('readwrite', (s) => old.forEach((k) => s.delete(k)));
    return keys.length - old.length;
  };

  const drop = (key) => {
    try {
      sessionStorage.removeItem(slot);
    } catch {
      // blocked: then nothing was kept either
    }
    if (key) run('readwrite', (s) => s.delete(key)).catch(() => {});
  };

  // ---- giving ----

  async function go({kind, text = '', files = [], profile = ''}) {
    const note = {kind, profile, at: Date.now()};
    try {
      if (files.length > 0 || text.length > longText) {
        note.key = `${note.at}-${Math.random().toString(36).slice(2)}`;
        const kept = files.length > 0 ? files.map(keepable) : [new Blob([text])];
        localStorage.setItem(slot, 'swept when found'); // says that the store is worth a look
        await run('readwrite', (s) => s.put({files: kept, isText: files.length === 0}, note.key));
      } else {
        note.text = text;
      }
      sessionStorage.setItem(slot, JSON.stringify(note));
    } catch {
      drop(note.key);
      return false;
    }
    location.assign(pages[kind]);
    return true;
  }

  // A big file is passed as a reference to the disk where the browser has one:
  // a copy of it would take long, and room.
  const keepable = (f) => (f.handle && f.size > small ? {handle: f.handle, name: f.name} : {file: f.file || f});

  // ---- taking ----

  const pending = (() => {
    try {
      const note = JSON.parse(sessionStorage.getItem(slot));
      if (note && pages[note.kind] === location.pathname && Math.abs(Date.now() - note.at) < minute) return note;
      if (note) drop(note.key);
    } catch {
      drop();
    }
    return null;
  })();
  let note = pending;
  if (note) {
    setTimeout(() => {
      if (note) drop(note.key);
      note = null;
    }, minute);
  }
  try {
    if (localStorage.getItem(slot)) {
      setTimeout(() => sweep().then((left) => {
        if (left === 0) localStorage.removeItem(slot);
      }).catch(() => {}), 5000);
    }
  } catch {
    // blocked
  }

  async function take(kind, fn) {
    if (!note || note.kind !== kind) return;
    const taken = note;
    note = null;
    const out = {kind, text: taken.text || '', files: [], profile: taken.profile || '', problem: ''};
    if (taken.key) {
      try {
        const kept = await run('readonly', (s) => s.get(taken.key));
        if (kept.isText) out.text = await kept.files[0].text();
        else out.files = await Promise.all(kept.files.map(async ({file, handle}) => file || handle.getFile()));
      } catch {
        out.problem = 'This browser did not pass the file on: drop or choose it here.';
      }
    }
    drop(taken.key);
    fn(out);
  }

  // ---- telling what it is ----

  async function filesOf(data) {
    const list = Array.from(data.items || []).filter((i) => i.kind === 'file').map((item) => ({
      file: item.getAsFile(),
      entry: item.webkitGetAsEntry && item.webkitGetAsEntry(),
      // asked for within the event, or it is gone
      handle: item.getAsFileSystemHandle ? item.getAsFileSystemHandle().catch(() => null) : null,
    })).filter((f) => f.file && !(f.entry && f.entry.isDirectory));
    return Promise.all(list.map(async (f) => ({file: f.file, handle: await f.handle, name: f.file.name, size: f.file.size})));
  }

  async function kindOf(f) {
    const file = f.file || f;
    const head = new Uint8Array(await file.slice(0, 65536).arrayBuffer());
    const starts = (...bytes) => bytes.every((b, i) => head[i] === b);
    if (starts(0x46, 0x4c, 0x56)) return 'file'; // FLV
    if (starts(0x1f, 0x8b) || starts(0x50, 0x4b, 3, 4) || /\.(gz|zip)$/i.test(file.name)) return 'log';
    const wide = starts(0xff, 0xfe) || starts(0xfe, 0xff);
    if (head.length > 0 && (wide || !head.includes(0))) {
      const text = new TextDecoder().decode(head);
      // what is no text at all holds many bytes that are no UTF-8
      if (wide || text.split('\ufffd').length < 2 + text.length / 20) {
        return /^\ufeff?\s*\{/.test(text) && text.includes('"ingestdoctor.report/') ? 'report' : 'log';
      }
    }
    return /\.(log|txt|json|jsonl|ndjson|csv|xml|har)$/i.test(file.name) ? 'log' : 'file';
  }

  // A URL may come in quotes, in angle brackets, after its label, or with its key
  // on the next line.
  const scheme = /\b[a-z][a-z0-9+.-]{1,14}:\/{1,3}[^\s/]|\b(?:rtmp[a-z]*|srt|rist|whip)\s*[:;]\s*[/\\]{1,2}/i;
  const hostAndKey = /^[\w.-]+\.[a-z]{2,}(?::\d+)?\/\S+$/i; // the scheme was left out
  function kindOfText(text) {
    text = text.trim();
    if (text === '') return '';
    if (/^[[{]/.test(text) && /"ingestdoctor\.report\//.test(text)) return 'report';
    const lines = text.split(/\r?\n/).map((l) => l.trim()).filter(Boolean);
    const found = scheme.exec(text);
    if (found) {
      if (/^(?:ffmpeg|ffplay|gst-launch(?:-1\.0)?)\s/.test(text) && lines.length < 20) return 'url';
      const before = text.slice(0, found.index);
      const label = /^[\s"'`<(\u201c\u2018]*(?:[\w -]{1,30}[:=]\s*)?["'`<(\u201c\u2018]*$/.test(before);
      if (label && lines.length <= 4 && lines.every((l) => l.split(/\s+/).length <= 6) && !/^[[{]/.test(text)) return 'url';
      return 'log';
    }
    if (lines.length === 1 && hostAndKey.test(text) && !text.includes('@')) return 'url';
    if (lines.length > 1 || text.length > 500 || /^[[{]/.test(text) && text.includes('":')) return 'log';
    return '';
  }

  window.ingestHandover = {go, take, filesOf, kindOf, kindOfText};
})();
