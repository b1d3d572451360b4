'use strict';
// Reads a file to its end and looks at nothing: the floor for every reader.
// The same way and chunk size as static/js/worker.js: two reads under way,
// recycled buffers of 1 MiB, the reader on a global (Chromium forgets a pending
// read when the reader is collected).
const CHUNK = 1 << 20;

onmessage = async ({data: {file}}) => {
  const started = performance.now();
  let read = 0;
  let error = '';
  try {
    const reader = self.reader = file.stream().getReader({mode: 'byob'});
    const next = (buffer) => reader.read(new Uint8Array(buffer), {min: CHUNK});
    const pending = [next(new ArrayBuffer(CHUNK)), next(new ArrayBuffer(CHUNK))];
    for (;;) {
      const {value, done} = await pending.shift();
      if (value) read += value.byteLength;
      if (done) break;
      pending.push(next(value.buffer));
    }
  } catch (err) {
    error = String(err);
  }
  self.reader = null;
  postMessage({read, error, ms: performance.now() - started});
};
