'use strict';
// The worker that reads recordings and hands them to validator.wasm.
//
// It is served with connect-src 'none': it can open no connection, and the
// compiled program is handed to it by message. Everything here is local.
//
// In:  what worker-core.js says, and
//      {t: 'analyse', id, file, profile}         one file at a time
//      {t: 'cancel', id}
//      {t: 'dissect', id, file, offset}          the tags around a byte offset
// Out: {t: 'progress', id, read, size, ms}
//      {t: 'partial', id, report}                JSON of the report so far
//      {t: 'done', id, report, state, read, ms, reader}
//      {t: 'dissected', id, tags}

const CHUNK = 1 << 20;           // bytes a read; larger and smaller are slower
const FIRST = 64 << 10;          // the first read comes back with this much, for a quick summary
const TAIL = 64 << 10;           // read ahead from the end of the file
const TAIL_MS = 20;              // the first summary waits so long for it, and no longer
const SLICE = 16 << 20;          // bytes of a slice, the last way of reading
const STALL_MS = 5000;           // no data for so long: try another way of reading
const PROGRESS_MS = 400;         // between two progress messages
const PARTIAL_MS = [1000, 2000];  // between the first two partial reports, and between the later ones, at least
const PARTIAL_COST = 50;         // and at least so many times what the last one took
const DISSECT_BEFORE = 1 << 20; // bytes before and after a place that are taken apart
const DISSECT_AFTER = 512 << 10;

let job = null;                  // the analysis that runs

self.onmessage = ({data}) => {
  importScripts(...data.scripts);
  serve(data, {name: 'validator', subject: 'The analyser', plea: 'Nothing was uploaded. Please report it with the kind of file you chose.'}, {
    analyse,
    cancel: ({id}) => { if (job && job.id === id) job.cancel(); },
    dissect,
  });
};

// ---------- ways of reading ----------

// ByobSource is the fastest and leanest: the stream fills our own buffers. Two
// reads are always under way, so that the next chunk is read while this one is
// analysed.
class ByobSource {
  constructor(file, offset) {
    const stream = (offset > 0 ? file.slice(offset) : file).stream();
    this.reader = stream.getReader({mode: 'byob'});
    this.spare = [new ArrayBuffer(CHUNK), new ArrayBuffer(CHUNK), new ArrayBuffer(CHUNK)];
    this.pending = [];
    this.min = FIRST;
    this.ended = false;
  }

  fill() {
    while (this.pending.length < 2 && this.spare.length > 0) {
      const read = this.reader.read(new Uint8Array(this.spare.pop()), {min: this.min});
      read.catch(() => {});      // it is waited for later, or not at all
      this.pending.push(read);
      this.min = CHUNK;
    }
  }

  async next() {
    if (this.ended) return null;
    this.fill();
    const {value, done} = await this.pending.shift();
    this.ended = done;
    if (!value || value.byteLength === 0) return done ? null : this.next();
    if (!done) this.fill();
    return value;
  }

  recycle(chunk) { this.spare.push(chunk.buffer); }

  close() { this.reader.cancel().catch(() => {}); }
}

class StreamSource {
  constructor(file, offset) {
    this.reader = file.slice(offset).stream().getReader();
  }

  async next() {
    const {value, done} = await this.reader.read();
    return done ? null : value;
  }

  recycle() {}

  close() { this.reader.cancel().catch(() => {}); }
}

class SliceSource {
  constructor(file, offset) {
    this.file = file;
    this.offset = offset;
  }

  async next() {
    if (this.offset >= this.file.size) return null;
    const bytes = await this.file.slice(this.offset, this.offset + SLICE).arrayBuffer();
    this.offset += bytes.byteLength;
    if (bytes.byteLength === 0) return null;
    return new Uint8Array(bytes);
  }

  recycle() {}

  close() {}
}

const SOURCES = [['byob', ByobSource], ['stream', StreamSource], ['slices', SliceSource]];

// Job reads one file. The source hangs on a global: Chromium forgets a pending
// BYOB read, without an error, when its reader is collected.
class Job {
  constructor(id, file) {
    this.id = id;
    this.file = file;
    this.read = 0;
    this.cancelled = false;
    this.way = 0;
    this.interrupt = null;
    this.open();
    this.lastData = performance.now();
    this.timer = setInterval(() => this.watch(), 500);
  }

  open() {
    for (; this.way < SOURCES.length; this.way++) {
      try {
        this.source = new SOURCES[this.way][1](this.file, this.read);
        self.reader = this.source;
        return;
      } catch (err) {
        // this browser has no such reader
      }
    }
    throw new Fault('This browser cannot read files piece by piece. A current Chrome, Edge, Firefox or Safari can.');
  }

  // watch falls back when no data came for too long.
  watch() {
    if (this.interrupt && performance.now() - this.lastData > STALL_MS) this.interrupt();
  }

  cancel() {
    this.cancelled = true;
    if (this.interrupt) this.interrupt();
  }

  // next is the next chunk, null at the end or when cancelled.
  async next() {
    while (!this.cancelled) {
      const stalled = Symbol();
      let wait;
      const chunk = await new Promise((resolve, reject) => {
        wait = this.interrupt = () => resolve(stalled);
        this.source.next().then(resolve, (err) => reject(unreadable(err)));
      });
      if (this.interrupt === wait) this.interrupt = null;
      if (chunk !== stalled) {
        this.lastData = performance.now();
        return chunk;
      }
      if (this.cancelled) return null;
      this.source.close();
      this.way++;
      if (this.way >= SOURCES.length) {
        throw new DOMException('no data', 'TimeoutError');
      }
      this.lastData = performance.now();
      this.open();
    }
    return null;
  }

  close() {
    clearInterval(this.timer);
    this.source.close();
    self.reader = null;
  }
}

// ---------- the work ----------

async function analyse({id, file, profile}) {
  if (job) throw new Fault('Another recording is being read.');
  const started = performance.now();
  let end = null;                // the last bytes, once they are there
  let tailDone = false;
  readTail(file).then((bytes) => { end = bytes; tailDone = true; });
  let state = COMPLETE;
  let detail = '';
  let current;
  try {
    call(() => wasm.open(...putTexts(profile, file.name), file.size));
    job = current = new Job(id, file);

    let lastProgress = 0;
    let nextPartial = 0;
    let partials = 0;
    let flv = true;
    for (let first = true; ; first = false) {
      const chunk = await job.next();
      if (!chunk) break;
      if (first) flv = isFLV(chunk);
      // Chunks of another way of reading may be larger than the buffer should get.
      for (let at = 0; at < chunk.length; at += CHUNK) {
        const part = chunk.subarray(at, Math.min(at + CHUNK, chunk.length));
        call(() => wasm.write(put(part)));
      }
      job.read += chunk.length;
      job.source.recycle(chunk);
      if (end) {
        const bytes = end;
        end = null;
        call(() => wasm.tail(put(bytes)));
      }
      if (!flv && job.read >= CHUNK) break; // no FLV: the first bytes have said what it is

      const now = performance.now();
      if (now - lastProgress >= PROGRESS_MS || first) {
        lastProgress = now;
        self.postMessage({t: 'progress', id, read: job.read, size: file.size, ms: now - started});
      }
      if (now >= nextPartial && (tailDone || now - started > TAIL_MS)) {
        const report = text(call(() => wasm.progress()));
        const after = performance.now();
        nextPartial = after + Math.max(PARTIAL_MS[Math.min(partials++, 1)], (after - now) * PARTIAL_COST);
        self.postMessage({t: 'partial', id, report, ms: after - started});
      }
    }
    if (job.cancelled) {
      state = CANCELLED;
    } else if (job.read < file.size && job.way === SOURCES.length - 1) {
      // A slice beyond the end is empty rather than an error.
      throw new DOMException('shorter than it was', 'NotReadableError');
    }
  } catch (err) {
    if (!(err instanceof DOMException)) {
      if (job === current) job = null;
      if (current) current.close();
      throw err;
    }
    state = FAILED;
    detail = readingFailed(err, current ? current.read : 0);
  }
  const {read, way} = current || {read: 0, way: 0};
  if (current) current.close();
  job = null;
  const report = text(call(() => wasm.end(state, put(encoder.encode(detail)))));
  self.postMessage({t: 'done', id, report, state: ['complete', 'cancelled', 'failed'][state], detail,
    read, ms: performance.now() - started, reader: SOURCES[Math.min(way, SOURCES.length - 1)][0]});
}

function isFLV(chunk) {
  return chunk[0] === 0x46 && chunk[1] === 0x4c && chunk[2] === 0x56;
}

// readTail reads the end of the file ahead of the rest.
function readTail(file) {
  return file.slice(Math.max(0, file.size - TAIL)).arrayBuffer()
    .then((bytes) => (bytes.byteLength > 0 ? new Uint8Array(bytes) : null), () => null);
}

function readingFailed(err, read) {
  const sofar = read > 0 ? ' The report covers what was read before that.' : '';
  switch (err.name) {
    case 'NotReadableError':
    case 'NotFoundError':
      return 'The file was changed, moved or deleted while it was being read. If it is still being recorded, stop the recording first; then choose the file again.' + sofar;
    case 'SecurityError':
    case 'NotAllowedError':
      return 'The browser was not allowed to read the file any further. Choose it again, or copy it to a local folder first.' + sofar;
    case 'TimeoutError':
      return 'No data came from the file any more. If it is on a network drive or a removable disk, copy it to this computer and choose the copy.' + sofar;
  }
  return 'The browser stopped reading the file (' + err.name + '). Choose it again, or copy it to a local folder first.' + sofar;
}

async function dissect({id, file, offset}) {
  const from = Math.max(0, offset - DISSECT_BEFORE);
  let bytes;
  try {
    bytes = new Uint8Array(await file.slice(from, Math.min(file.size, offset + DISSECT_AFTER)).arrayBuffer());
  } catch (err) {
    throw new Fault('The file can no longer be read: it was changed, moved or deleted. Choose it again to see its bytes.');
  }
  const tags = text(call(() => wasm.dissect(put(bytes), from, offset)));
  self.postMessage({t: 'dissected', id, tags});
}
