'use strict';
// The worker that reads logs, events and callbacks with explainer.wasm, and
// archives of them.
//
// It is served with connect-src 'none': it can open no connection, and the
// compiled program is handed to it by message. What leaves it for the page has
// its secrets masked. It keeps no text: it knows where the lines begin, and reads
// those that the page draws again from what was pasted or chosen.
//
// In:  what worker-core.js says, and
//      {t: 'explain', id, text | files, name, profile}  profile '' for what the text tells; a new one ends the one before
//      {t: 'cancel', id}
//      {t: 'lines', id, part, from, to}        lines to draw, from 1, both ends included
//      {t: 'forget'}
// Out: {t: 'begun', id}
//      {t: 'part', id, part, name, size}       it begins to read a part: a file, a member of an archive, the paste
//      {t: 'progress', id, part, read, lines, share, ms}  bytes of text, share 0 to 1 of all that is read
//      {t: 'report', id, part, report, quotes, lines, longest, read, ms}  JSON (wasm/explain/json.go) without texts;
//          JSON of the lines that each finding names: [[{n, text}]]; longest: characters of the longest line, about
//      {t: 'refused', id, part, kind, text}    the part is no text: media, archive, broken, encrypted, large, binary, empty
//      {t: 'done', id, state, detail, ms}      state is complete, cancelled, large (more than is unpacked here)
//      {t: 'lines', id, part, from, lines}     lines[]: {text, more}; more: characters that were left out

const PROGRESS_MS = 200;
const TURN_MS = 40;              // a message of the page waits no longer
const UNPACKED = 1e9;            // bytes that archives may unpack to, all parts together
const PARTS = 100;               // parts that are read
const MARK = 64 << 10;           // bytes between two remembered beginnings of lines
const LONGEST = 4000;            // characters of a line that are drawn
const AROUND = 3;                // lines around a window that may tell what is secret in it
const QUOTED = 3;                // lines of a finding that are quoted,
const SEARCHED = 200;            // from so many of an event that it stands in

let stopped = 0;                 // jobs up to this id are cancelled
let latest = 0;                  // id of the latest job
let parts = [];                  // of the latest paste
let turn = Promise.resolve();    // jobs and windows come one after the other

self.onmessage = ({data}) => {
  importScripts(...data.scripts);
  serve(data, {
    name: 'explainer', subject: 'The reader of logs',
    plea: 'Nothing was sent anywhere. Please report it with the kind of log, without its secrets.',
  }, {
    explain: (m) => {
      latest = m.id;
      stopped = Math.max(stopped, m.id - 1);
      return inTurn(() => explain(m));
    },
    cancel: (m) => { stopped = Math.max(stopped, m.id); },
    lines: (m) => inTurn(() => lines(m)),
    forget: () => {
      stopped = Math.max(stopped, latest);
      return inTurn(forget);
    },
  });
};

// inTurn runs work after what came before it, however that ended.
function inTurn(work) {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

async function forget() {
  parts = [];
  kept.clear();
  if (wasm && !dead) call(() => wasm.forget());
}

// ---------- lines ----------

// Index knows where lines begin, one for every MARK bytes. Lines end with LF,
// CRLF or CR, as wasm/explain counts them.
class Index {
  constructor(encoding) {
    Object.assign(this, {encoding, offsets: [0], numbers: [1], ended: 0, read: 0, start: 0, cr: false, low: 0, longest: 0});
  }

  add(chunk) {
    const wide = this.encoding !== 'utf-8';
    if (!wide && !this.cr && chunk.indexOf(13) < 0) { // the usual case, at the speed of indexOf
      for (let i = chunk.indexOf(10); i >= 0; i = chunk.indexOf(10, i + 1)) this.line(this.read + i + 1);
    } else {
      const big = this.encoding === 'utf-16be';
      for (let i = 0; i < chunk.length; i++) {
        let c = chunk[i];
        if (wide) {
          if (((this.read + i) & 1) === 0) {
            this.low = c;
            continue;
          }
          c = big ? this.low << 8 | c : c << 8 | this.low;
        }
        const next = this.read + i + 1;
        if (c === 10 && this.cr) { // the second half of CRLF
          if (this.offsets[this.offsets.length - 1] === this.start) this.offsets[this.offsets.length - 1] = next;
          this.start = next;
        } else if (c === 10 || c === 13) {
          this.line(next);
        }
        this.cr = c === 13;
      }
    }
    this.read += chunk.length;
  }

  // line ends a line; the next begins at an offset.
  line(next) {
    if (next - this.start > this.longest) this.longest = next - this.start;
    this.ended++;
    this.start = next;
    if (next - this.offsets[this.offsets.length - 1] >= MARK) {
      this.offsets.push(next);
      this.numbers.push(this.ended + 1);
    }
  }

  // lines is how many there are; a last one without line end counts.
  get lines() { return this.ended + (this.read > this.start ? 1 : 0); }

  // before is the last remembered beginning at or before a line.
  before(line) {
    let [low, high] = [0, this.numbers.length - 1];
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.numbers[mid] <= line) low = mid;
      else high = mid - 1;
    }
    return {offset: this.offsets[low], line: this.numbers[low]};
  }
}

// The same four bytes as wasm/explain looks at.
function encodingOf(h) {
  if (h[0] === 0xff && h[1] === 0xfe) return 'utf-16le';
  if (h[0] === 0xfe && h[1] === 0xff) return 'utf-16be';
  if (h.length >= 4 && h[0] && !h[1] && h[2] && !h[3]) return 'utf-16le';
  if (h.length >= 4 && !h[0] && h[1] && !h[2] && h[3]) return 'utf-16be';
  return 'utf-8';
}

// Terminal colours and titles; the program leaves them out too.
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;

// linesOf reads lines, masked. Their neighbours are read with them: a key may
// stand on the line before its value.
async function linesOf(part, from, to) {
  const {index} = part;
  from = Math.max(1, from);
  to = Math.min(index.lines, to);
  if (to < from) return [];
  const first = Math.max(1, from - AROUND);
  const raw = await rawLines(part, first, Math.min(index.lines, to + AROUND));
  const plain = raw.map((l) => l.text.replace(ANSI, ''));
  let masked = mask(part, plain.join('\n')).split('\n');
  if (masked.length !== plain.length) masked = plain.map((l) => mask(part, l).replace(/\n/g, ' '));
  return masked.slice(from - first, to - first + 1).map((t, i) => ({text: t, more: raw[from - first + i].more}));
}

function mask(part, s) {
  return text(call(() => wasm.mask(part.wasm, put(encoder.encode(s)))));
}

async function rawLines(part, from, to) {
  const {index} = part;
  const mark = index.before(from);
  const unit = index.encoding === 'utf-8' ? 1 : 2;
  const most = LONGEST * 4 * unit;
  const words = new TextDecoder(index.encoding);
  const found = [];
  let line = mark.line;
  let offset = mark.offset;
  let pieces = [];
  let held = 0;
  let length = 0;
  let cr = false;
  let low = 0;
  const end = () => {
    if (line >= from) {
      const all = new Uint8Array(held);
      let at = 0;
      for (const p of pieces) {
        all.set(p, at);
        at += p.length;
      }
      let s = words.decode(all);
      if (line === 1) s = s.replace(/^\ufeff/, '');
      let more = Math.max(0, Math.round((length - held) / unit));
      if (s.length > LONGEST) {
        more += s.length - LONGEST;
        s = s.slice(0, LONGEST);
      }
      found.push({text: s, more});
    }
    line++;
    pieces = [];
    held = length = 0;
  };
  const take = (bytes) => {
    if (line < from || bytes.length === 0) return;
    length += bytes.length;
    if (held < most) {
      const p = bytes.slice(0, most - held);
      pieces.push(p);
      held += p.length;
    }
  };
  for await (const chunk of part.from(mark.offset)) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      let c = chunk[i];
      if (unit === 2) {
        if (((offset + i) & 1) === 0) {
          low = c;
          continue;
        }
        c = index.encoding === 'utf-16be' ? low << 8 | c : c << 8 | low;
      }
      if (c !== 10 && c !== 13) {
        cr = false;
        continue;
      }
      if (c === 10 && cr) { // the second half of CRLF
        cr = false;
        start = i + 1;
        continue;
      }
      take(chunk.subarray(start, Math.max(start, i + 1 - unit)));
      end();
      start = i + 1;
      cr = c === 13;
      if (line > to) return found;
    }
    take(chunk.subarray(start));
    offset += chunk.length;
  }
  if (line <= to) end();
  return found;
}

async function lines({id, part: number, from, to}) {
  const part = parts[number];
  if (!part || !part.index) return;
  let list;
  try {
    list = await linesOf(part, from, to);
  } catch (err) {
    if (!(err instanceof DOMException)) throw err;
    list = [{text: 'The file was changed, moved or deleted: its lines can no longer be shown.', more: 0, gone: true}];
  }
  self.postMessage({t: 'lines', id, part: number, from: Math.max(1, from), lines: list});
}

// ---------- the work ----------

const tick = (() => {
  const {port1, port2} = new MessageChannel();
  const waiting = [];
  port1.onmessage = () => waiting.shift()();
  return () => new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(0);
  });
})();

async function explain({id, text: pasted, files, name, profile}) {
  self.postMessage({t: 'begun', id});
  await forget();
  const started = performance.now();
  const now = {id, get cancelled() { return id <= stopped; }, profile: profile || '', started, weight: 0, done: 0, unpacked: 0, state: 'complete', detail: ''};
  const list = [];
  for (const file of files && files.length > 0 ? files : [new File([pasted || ''], name || 'Pasted text')]) {
    try {
      list.push(...await partsOf(file));
    } catch (err) {
      const refused = new Part(file.name, file.size);
      refused.refusal = asRefusal(err);
      refused.weight = 0;
      list.push(refused);
    }
  }
  if (list.length > PARTS) now.detail = (list.length - PARTS) + ' more files were not read: only the first ' + PARTS + ' are.';
  parts = list.slice(0, PARTS);
  parts.forEach((p, i) => {
    p.number = i;
    now.weight += p.weight;
  });
  for (const part of parts) {
    if (now.cancelled) break;
    await readPart(now, part);
    now.done += part.weight;
    if (now.state === 'large') break;
  }
  if (now.cancelled) now.state = 'cancelled';
  self.postMessage({t: 'done', id, state: now.state, detail: now.detail, ms: performance.now() - started});
}

function asRefusal(err) {
  if (err instanceof Refusal) return err;
  if (err instanceof DOMException) return new Refusal('broken', 'The file was changed, moved or deleted since it was chosen. Choose it again.');
  throw err;
}

async function readPart(now, part) {
  const {id} = now;
  self.postMessage({t: 'part', id, part: part.number, name: part.name, size: part.size});
  const began = performance.now();
  let reader = null;
  let filler = null;
  let state = COMPLETE;
  let detail = '';
  try {
    if (part.refusal) throw part.refusal;
    reader = part.open();
    if (!part.blob) filler = new Filler(part);
    let lastProgress = performance.now();
    let lastTurn = lastProgress;
    let head = new Uint8Array(0); // the first bytes, until they have said what it is
    const take = (bytes) => {
      for (let at = 0; at < bytes.length; at += CHUNK) {
        const piece = bytes.subarray(at, at + CHUNK);
        call(() => wasm.write(put(piece)));
        part.index.add(piece);
        if (filler) filler.add(piece);
      }
    };
    const begin = () => {
      const encoding = encodingOf(head);
      refuse(head, encoding);
      part.index = new Index(encoding);
      part.wasm = call(() => wasm.open(...putTexts(now.profile, part.name), part.size));
      take(head);
    };
    try {
      while (!now.cancelled) {
        const bytes = await reader.next();
        if (!bytes) break;
        if (!part.index) {
          const more = new Uint8Array(head.length + bytes.length);
          more.set(head);
          more.set(bytes, head.length);
          head = more;
          if (head.length >= 512) begin();
        } else {
          take(bytes);
        }
        if (!part.blob) {
          now.unpacked += bytes.length;
          if (now.unpacked > UNPACKED) {
            now.state = 'large';
            now.detail = 'The archive unpacks to more than 1 GB; it was read up to there. Unpack it, and drop the log that matters.';
            state = FAILED;
            detail = now.detail;
            break;
          }
        }
        const t = performance.now();
        if (t - lastTurn >= TURN_MS) {
          await tick();
          lastTurn = performance.now();
        }
        if (t - lastProgress >= PROGRESS_MS) {
          lastProgress = t;
          progress(now, part, reader);
        }
      }
    } catch (err) {
      if (err instanceof Damage) detail = 'The archive is damaged or cut off; it was read up to there.';
      else if (err instanceof DOMException) detail = 'The file was changed, moved or deleted while it was being read; it was read up to there.';
      else throw err;
      state = FAILED;
    }
    if (now.cancelled && state === COMPLETE) state = CANCELLED;
    if (!part.index) {
      if (head.length === 0) {
        throw state === FAILED ? new Refusal('broken', detail.replace(/; it was read.*/, '.') + ' Nothing of it could be read. Copy or download it again.')
          : new Refusal('empty', 'There is nothing in it.');
      }
      begin();
    }
  } catch (err) {
    if (reader) reader.close();
    if (!(err instanceof Refusal)) throw err;
    self.postMessage({t: 'refused', id, part: part.number, kind: err.kind, text: err.message});
    return;
  }
  reader.close();
  if (filler) filler.end();
  const report = text(call(() => wasm.end(state, put(encoder.encode(detail)))));
  const quotes = await quotesOf(now, part, report);
  const {index} = part;
  self.postMessage({t: 'report', id, part: part.number, report, quotes: JSON.stringify(quotes), lines: index.lines,
    longest: Math.max(index.longest, index.read - index.start), read: index.read, ms: performance.now() - began});
}

function progress(now, part, reader) {
  const read = part.index ? part.index.read : 0;
  const here = part.blob ? read : reader.packed;
  const share = now.weight > 0 ? Math.min(1, (now.done + here) / now.weight) : 0;
  self.postMessage({t: 'progress', id: now.id, part: part.number, read, lines: part.index ? part.index.lines : 0, share, ms: performance.now() - now.started});
}

// What of an event over many lines bears a finding out that names no code.
const TELLING = {
  'log-bitrate-unexpected': /bitrate/i, 'log-no-data': /incomingBitrate|lastFragmentArrival/i, 'log-overlap': /overlapCount|nonincreasing/i,
  'log-discontinuity': /discontinuity/i, 'log-out-of-sync': /timestamp/i, 'log-ingest-drift': /ingestDrift/i, 'log-bitrate-exceeded': /bitrate/i,
};

// telling picks the lines of a place that say so: those with the code, else the
// first ones that are more than brackets.
function telling(list, f, most) {
  const all = list.map((l, k) => k);
  if (all.length <= most) return all;
  const code = f.args && f.args.code || f.codes && f.codes[0] || '';
  const said = all.filter((k) => code && list[k].text.includes(code) || TELLING[f.rule] && TELLING[f.rule].test(list[k].text));
  const filled = all.filter((k) => /[\p{L}\p{N}]/u.test(list[k].text));
  return (said.length > 0 ? said : filled.length > 0 ? filled : all).slice(0, most);
}

// quotesOf reads the lines that the findings of a report name, in the order of
// the text, so that a packed one is unpacked once more at most.
async function quotesOf(now, part, report) {
  const {findings} = JSON.parse(report);
  const quotes = findings.map(() => []);
  const places = [];
  findings.forEach((f, i) => {
    if (f.first_line) places.push({i, f, most: QUOTED, from: f.first_line, to: Math.min(f.last_line, f.first_line + SEARCHED)});
    if (f.last && f.last.first_line) places.push({i, f, most: 1, from: f.last.first_line, to: Math.min(f.last.last_line, f.last.first_line + SEARCHED)});
  });
  places.sort((a, b) => a.from - b.from);
  for (const {i, f, most, from, to} of places) {
    if (now.cancelled && !part.blob) break;
    try {
      const list = await linesOf(part, from, to);
      for (const k of telling(list, f, most)) {
        quotes[i].push({n: from + k, text: list[k].text.slice(0, 600) + (list[k].text.length > 600 || list[k].more ? ' …' : '')});
      }
    } catch (err) {
      if (!(err instanceof DOMException || err instanceof Damage)) throw err;
      break;
    }
  }
  return quotes.map((q) => q.sort((a, b) => a.n - b.n).filter((l, i) => i === 0 || l.n > q[i - 1].n));
}
