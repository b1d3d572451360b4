'use strict';
// Ways of reading for worker-log.js: a file as it is, in pieces, out of a gzip or
// a zip; the parts of a file; and what the first bytes say of one that is no
// text. A reader has next(), the next bytes, null at the end; close(); and, where
// it unpacks, packed, how many packed bytes it has taken.

const CHUNK = 256 << 10;         // bytes that a reader gives at once
const SLICE = 256 << 10;         // bytes of a slice of a file
const PIECE = 32 << 10;          // packed bytes that are unpacked at once: a bomb makes 32 MB of them
const STALL_MS = 5000;           // no data for so long: another way of reading
const DIRECTORY = 16 << 20;      // bytes of a zip's table of contents
const PLAIN = 2e9;               // bytes of a file that is read as it is
const BLOCK = 256 << 10;         // what is unpacked anew is kept in blocks,
const BLOCKS = 64;               // so many of them

const kept = new Map();          // unpacked blocks, the oldest first

// Refusal is a part that cannot be read as text.
class Refusal extends Error {
  constructor(kind, text) {
    super(text);
    this.kind = kind;
  }
}

// Damage is a packed part whose text ends early.
class Damage extends Error {}

// ---------- files ----------

// Slices reads a file, or a part of it, in pieces.
class Slices {
  constructor(blob, from = 0, to = blob.size) {
    Object.assign(this, {blob, at: from, to});
  }

  async next() {
    if (this.at >= this.to) return null;
    let bytes;
    try {
      bytes = new Uint8Array(await this.blob.slice(this.at, Math.min(this.to, this.at + SLICE)).arrayBuffer());
    } catch (err) {
      throw unreadable(err);
    }
    if (bytes.length === 0) throw unreadable();
    this.at += bytes.length;
    return bytes;
  }

  close() {}
}

// Stream lets the file fill one buffer again and again, the leanest way. What it
// gives is good until the next call.
class Stream {
  constructor(file) {
    this.file = file;
    this.at = 0;
    this.buffer = new ArrayBuffer(CHUNK);
    try {
      this.reader = file.stream().getReader({mode: 'byob'});
    } catch (err) {
      this.slices = new Slices(file); // this browser has no such reader
    }
  }

  async next() {
    if (this.slices) return this.slices.next();
    if (this.ended) return null;
    // Chromium forgets a pending read, without an error, when its reader is collected.
    self.reading = this.reader;
    let timer;
    const stalled = new Promise((resolve) => { timer = setTimeout(resolve, STALL_MS, null); });
    let got;
    try {
      got = await Promise.race([this.reader.read(new Uint8Array(this.buffer), {min: CHUNK}), stalled]);
    } catch (err) {
      throw unreadable(err);
    } finally {
      clearTimeout(timer);
    }
    if (!got) {
      this.reader.cancel().catch(() => {});
      this.slices = new Slices(this.file, this.at);
      return this.slices.next();
    }
    const {value, done} = got;
    this.ended = done;
    if (!value || value.length === 0) {
      if (this.at < this.file.size) throw unreadable();
      return null;
    }
    this.buffer = value.buffer;
    this.at += value.length;
    return value;
  }

  close() {
    self.reading = null;
    if (this.reader) this.reader.cancel().catch(() => {});
  }
}

// Unpacking is what another reader gives, unpacked.
class Unpacking {
  constructor(source, format) {
    const stream = new DecompressionStream(format);
    this.source = source;
    this.writer = stream.writable.getWriter();
    this.reader = stream.readable.getReader();
    this.feed();
  }

  async feed() {
    try {
      for (let bytes; (bytes = await this.source.next());) {
        for (let at = 0; at < bytes.length; at += PIECE) {
          await this.writer.ready;
          await this.writer.write(bytes.subarray(at, at + PIECE));
        }
      }
      await this.writer.close();
    } catch (err) {
      if (err instanceof DOMException) this.fault = err;
      this.writer.abort(err).catch(() => {});
    }
  }

  async next() {
    try {
      const {value, done} = await this.reader.read();
      return done ? null : value;
    } catch (err) {
      if (this.fault || err instanceof DOMException) throw this.fault || err;
      throw new Damage(err.message);
    }
  }

  close() {
    this.reader.cancel().catch(() => {});
    this.source.close();
  }
}

// Gzip reads a gzip file, which may have several members one after the other:
// each is found by its first bytes, for a browser unpacks only one.
class Gzip {
  constructor(file) {
    this.file = file;
    this.member = null;
  }

  async next() {
    if (!this.starts) {
      this.starts = await gzipMembers(this.file);
      this.done = 0;
    }
    for (;;) {
      if (!this.member) {
        if (this.done >= this.starts.length) return null;
        const to = this.starts[this.done + 1] || this.file.size;
        this.member = new Unpacking(new Slices(this.file, this.starts[this.done], to), 'gzip');
        this.done++;
      }
      let bytes;
      try {
        bytes = await this.member.next();
      } catch (err) {
        // Zeros that a tape or a download left behind the end are no loss.
        if (!(err instanceof Damage && /junk|trailing|extra/i.test(err.message))) throw err;
        bytes = null;
      }
      if (bytes) return bytes;
      this.member.close();
      this.member = null;
    }
  }

  // packed is how far it has come in the file.
  get packed() { return this.member ? this.member.source.at : 0; }

  close() { if (this.member) this.member.close(); }
}

// gzipMembers finds where members begin: ten bytes of which seven are known, or
// nearly. By chance they stand so once in many terabytes.
async function gzipMembers(file) {
  const found = [0];
  const head = 10;
  for (let at = 0; at < file.size; at += (1 << 20)) {
    const b = new Uint8Array(await file.slice(at, at + (1 << 20) + head).arrayBuffer().catch((err) => { throw unreadable(err); }));
    for (let i = b.indexOf(0x1f); i >= 0 && i + head <= b.length; i = b.indexOf(0x1f, i + 1)) {
      if (b[i + 1] === 0x8b && b[i + 2] === 8 && (b[i + 3] & 0xe0) === 0 && (b[i + 8] === 0 || b[i + 8] === 2 || b[i + 8] === 4) &&
          (b[i + 9] < 14 || b[i + 9] === 255) && at + i > found[found.length - 1]) found.push(at + i);
    }
  }
  return found;
}

// ---------- zip ----------

const u16 = (v, at) => v.getUint16(at, true);
const u32 = (v, at) => v.getUint32(at, true);
const u64 = (v, at) => Number(v.getBigUint64(at, true));

async function view(file, from, to) {
  if (from < 0 || from > file.size) throw new Damage('outside of the file');
  try {
    return new DataView(await file.slice(from, Math.max(from, to)).arrayBuffer());
  } catch (err) {
    throw unreadable(err);
  }
}

// zipMembers reads the table of contents at the end of a zip.
async function zipMembers(file) {
  const from = Math.max(0, file.size - 65557);
  const tail = await view(file, from, file.size);
  let end = tail.byteLength - 22;
  while (end >= 0 && !(u32(tail, end) === 0x06054b50 && end + 22 + u16(tail, end + 20) <= tail.byteLength)) end--;
  if (end < 0) throw new Refusal('broken', 'This zip is damaged or cut off: its table of contents, which stands at its end, is missing. Copy or download it again.');
  let count = u16(tail, end + 10);
  let size = u32(tail, end + 12);
  let offset = u32(tail, end + 16);
  let behind = from + end;       // where the table ends
  if (end >= 20 && u32(tail, end - 20) === 0x07064b50) {
    const at = u64(tail, end - 12);
    const big = await view(file, at, at + 56);
    if (big.byteLength === 56 && u32(big, 0) === 0x06064b50) {
      count = u64(big, 32);
      size = u64(big, 40);
      offset = u64(big, 48);
      behind = at;
    }
  }
  if (size > DIRECTORY) throw new Refusal('large', 'This zip holds too many files to be read here. Unpack it, and drop the logs that matter.');
  const shift = behind - size - offset; // of a zip that stands behind something else
  const table = await view(file, offset + shift, offset + shift + size);
  const members = [];
  for (let at = 0, i = 0; i < count && at + 46 <= table.byteLength; i++) {
    if (u32(table, at) !== 0x02014b50) throw new Damage('table');
    const [nameLen, extraLen, noteLen] = [u16(table, at + 28), u16(table, at + 30), u16(table, at + 32)];
    if (at + 46 + nameLen + extraLen > table.byteLength) throw new Damage('table');
    const m = {
      file, name: zipName(new Uint8Array(table.buffer, table.byteOffset + at + 46, nameLen)),
      flags: u16(table, at + 8), method: u16(table, at + 10),
      packed: u32(table, at + 20), size: u32(table, at + 24), offset: u32(table, at + 42),
    };
    zip64(m, new DataView(table.buffer, table.byteOffset + at + 46 + nameLen, extraLen));
    m.offset += shift;
    members.push(m);
    at += 46 + nameLen + extraLen + noteLen;
  }
  return members;
}

function zipName(bytes) {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch (err) {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

// zip64 takes the numbers that did not fit into 32 bits.
function zip64(m, extra) {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + u16(extra, at + 2)) {
    if (u16(extra, at) !== 1) continue;
    let p = at + 4;
    for (const name of ['size', 'packed', 'offset']) {
      if (m[name] === 0xffffffff && p + 8 <= extra.byteLength) {
        m[name] = u64(extra, p);
        p += 8;
      }
    }
  }
}

// ZipMember reads a file in a zip.
class ZipMember {
  constructor(member) { this.member = member; this.count = 0; }

  async next() {
    const m = this.member;
    if (!this.reader) {
      const head = await view(m.file, m.offset, m.offset + 30);
      if (head.byteLength < 30 || u32(head, 0) !== 0x04034b50) throw new Damage('header');
      const at = m.offset + 30 + u16(head, 26) + u16(head, 28);
      if (at + m.packed > m.file.size) throw new Damage('cut');
      const bytes = new Slices(m.file, at, at + m.packed);
      this.slices = bytes;
      this.reader = m.method === 8 ? new Unpacking(bytes, 'deflate-raw') : bytes;
    }
    const bytes = await this.reader.next();
    if (bytes) this.count += bytes.length;
    else if (this.count !== m.size) throw new Damage('size');
    return bytes;
  }

  get packed() { return this.slices ? this.slices.at - this.slices.to + this.member.packed : 0; }

  close() { if (this.reader) this.reader.close(); }
}

// ---------- parts ----------

// Part is one text: the paste, a file, a member of an archive.
class Part {
  constructor(name, size, open, blob) {
    // blob is set where the text stands in a file as it is
    Object.assign(this, {name, size, open, blob, index: null, number: -1, wasm: -1, weight: size});
  }

  // from reads the text on from an offset.
  async *from(offset) {
    if (this.blob) {
      for (const slices = new Slices(this.blob, offset); ;) {
        const bytes = await slices.next();
        if (!bytes) return;
        yield bytes;
      }
    }
    for (let n = Math.floor(offset / BLOCK); ; n++) {
      const block = await this.block(n);
      if (!block) return;
      yield n * BLOCK < offset ? block.subarray(offset - n * BLOCK) : block;
      if (block.length < BLOCK) return;
    }
  }

  // block is the n-th block of a packed text. What was dropped is unpacked again,
  // on from where the last one was, or from the start.
  async block(n) {
    const found = kept.get(this.number + ':' + n);
    if (found) return found;
    if (!this.again || this.again.n > n) {
      if (this.again) this.again.reader.close();
      this.again = {reader: this.open(), n: 0, filler: new Filler(this)};
    }
    const a = this.again;
    while (a.n <= n) {
      const bytes = await a.reader.next();
      if (!bytes) {
        a.filler.end();
        this.again = null;
        break;
      }
      a.filler.add(bytes);
      a.n = a.filler.n;
    }
    return kept.get(this.number + ':' + n);
  }
}

// Filler keeps an unpacked text in blocks, the last ones of it.
class Filler {
  constructor(part) {
    Object.assign(this, {part, n: 0, used: 0, block: new Uint8Array(BLOCK)});
  }

  add(bytes) {
    for (let at = 0; at < bytes.length;) {
      const take = Math.min(bytes.length - at, BLOCK - this.used);
      this.block.set(bytes.subarray(at, at + take), this.used);
      this.used += take;
      at += take;
      if (this.used === BLOCK) this.keep();
    }
  }

  keep() {
    const key = this.part.number + ':' + this.n;
    kept.delete(key);
    kept.set(key, this.used === BLOCK ? this.block : this.block.slice(0, this.used));
    if (kept.size > BLOCKS) kept.delete(kept.keys().next().value);
    this.n++;
    this.used = 0;
    this.block = new Uint8Array(BLOCK);
  }

  end() { if (this.used > 0) this.keep(); }
}

// partsOf names the parts of a file; its first bytes say what it is.
async function partsOf(file) {
  const head = new Uint8Array((await view(file, 0, 8)).buffer);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    const name = file.name.replace(/\.tgz$/i, '.tar').replace(/\.gz$/i, '') || file.name;
    const part = new Part(name, -1, () => new Gzip(file));
    part.weight = file.size;
    return [part];
  }
  if (head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 && head[3] === 4 || head[2] === 5 && head[3] === 6)) {
    let members;
    try {
      members = await zipMembers(file);
    } catch (err) {
      if (!(err instanceof Damage)) throw err;
      throw new Refusal('broken', 'This zip is damaged: its table of contents cannot be read. Copy or download it again.');
    }
    if (members.some((m) => m.name === '[Content_Types].xml')) {
      throw new Refusal('binary', 'This is an office document. Copy the text in it, and paste it here.');
    }
    const list = members.filter((m) => !m.name.endsWith('/') && !/^__MACOSX\/|(^|\/)\.DS_Store$/.test(m.name) && m.size > 0);
    if (list.length === 0) throw new Refusal('empty', 'There is no file in this zip.');
    return list.map((m) => {
      const part = new Part(m.name, m.size, () => new ZipMember(m));
      part.weight = m.packed;
      if (m.flags & 1) part.refusal = new Refusal('encrypted', 'It is encrypted, and this page cannot open it. Unpack it with its password, and drop the log here.');
      else if (m.method !== 0 && m.method !== 8) part.refusal = new Refusal('archive', 'It is packed in a way that browsers do not unpack (method ' + m.method + '). Unpack it, and drop the log here.');
      return part;
    });
  }
  if (file.size > PLAIN) {
    throw new Refusal('large', 'This file has ' + (file.size / 1e9).toFixed(1) + ' GB; a log of up to 2 GB is read here. Cut out the hours in question, for example its last 200,000 lines: tail -n 200000 ' +
      (/^[\w.-]+$/.test(file.name) ? file.name : 'FILE') + ' > part.log');
  }
  return [new Part(file.name, file.size, () => new Stream(file), file)];
}

// ---------- what it is ----------

const MAGIC = [
  [0, 'FLV', 'media', 'This is an FLV recording, not a log.'],
  [4, 'ftyp', 'media', 'This is an MP4 recording, not a log.'],
  [0, '\x1a\x45\xdf\xa3', 'media', 'This is a Matroska or WebM recording, not a log.'],
  [0, '7z\xbc\xaf\x27\x1c', 'archive', 'This is a 7z archive.'],
  [0, 'Rar!', 'archive', 'This is a RAR archive.'],
  [0, '\xfd7zXZ', 'archive', 'This is an xz archive.'],
  [0, 'BZh', 'archive', 'This is a bzip2 archive.'],
  [0, '\x28\xb5\x2f\xfd', 'archive', 'This is a Zstandard archive.'],
  [0, '\x1f\x8b', 'archive', 'This is packed twice: a gzip in a gzip.'],
  [0, 'PK\x03\x04', 'archive', 'This is a zip inside of another archive.'],
  [257, 'ustar', 'archive', 'This is a tar archive.'],
  [0, '%PDF', 'binary', 'This is a PDF. Copy the text in it, and paste it here.'],
  [0, '\x89PNG', 'binary', 'This is a picture. Copy the text itself, and paste it here.'],
  [0, '\xff\xd8\xff', 'binary', 'This is a picture. Copy the text itself, and paste it here.'],
  [0, 'GIF8', 'binary', 'This is a picture. Copy the text itself, and paste it here.'],
  [0, 'ElfFile\0', 'binary', 'This is a Windows event log. Save it as text in the Event Viewer (Save All Events As, type Text or CSV), and drop that.'],
  [0, '\xd4\xc3\xb2\xa1', 'binary', 'This is a network capture. It is not read here.'],
  [0, '\xa1\xb2\xc3\xd4', 'binary', 'This is a network capture. It is not read here.'],
  [0, '\x0a\x0d\x0d\x0a', 'binary', 'This is a network capture. It is not read here.'],
  [0, '\xd0\xcf\x11\xe0', 'binary', 'This is an office document. Copy the text in it, and paste it here.'],
];

// refuse fails for what is no text, by its first bytes.
function refuse(head, encoding) {
  const at = (i, s) => i + s.length <= head.length && [...s].every((c, k) => head[i + k] === c.charCodeAt(0));
  for (const [i, s, kind, words] of MAGIC) {
    if (at(i, s)) throw new Refusal(kind, kind === 'archive' ? words + ' Unpack it and drop the log, or pack it as zip or gzip.' : words);
  }
  if (head.length > 376 && head[0] === 0x47 && head[188] === 0x47 && head[376] === 0x47) {
    throw new Refusal('media', 'This is an MPEG transport stream, not a log.');
  }
  if (encoding !== 'utf-8') return;
  let odd = 0;                   // bytes that no text has
  for (const c of head) if (c < 32 && !(c >= 7 && c <= 13) && c !== 27) odd++;
  if (odd * 10 > head.length) throw new Refusal('binary', 'This is no text: most of it is bytes that no log has. Logs are .log, .txt or .json files, as they are or in a zip or gzip.');
}
