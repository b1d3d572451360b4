'use strict';
// What the workers share: the program that each runs, its buffers
// (wasm/worker), and how a fault is told.
//
// A worker loads this with the page's first message, and goes on from there:
//
//   self.onmessage = ({data}) => {
//     importScripts(...data.scripts);
//     serve(data, {name, subject, plea}, works);
//   };
//
// In:  {t: 'init', module, scripts, version}  the compiled program; addresses of wasm_exec.js, of this file and
//                                             of the worker's others
// Out: {t: 'ready', about}                    JSON: version, profiles, ...
//      {t: 'failed', id, text, fatal}         text is for a person; fatal: only a new worker helps

// Ends of an input, as wasm/worker numbers them.
const COMPLETE = 0;
const CANCELLED = 1;
const FAILED = 2;

let wasm = null;                 // the program's exports
let dead = false;                // the program ended: only a new worker helps
let program = null;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Fault extends Error {}     // what went wrong, in words for a person

// serve starts the program; from then on works[t] answers messages of that kind.
// name is for the console; subject and plea begin and end what a person reads
// when the fault is ours.
function serve(init, words, works) {
  program = words;
  self.onmessage = ({data}) => { if (works[data.t]) answer(data, works[data.t]); };
  answer(init, start);
}

async function answer(m, work) {
  try {
    await work(m);
  } catch (err) {
    if (!(err instanceof Fault)) console.error(err.name + ': ' + err.message); // never what was read
    const text = err instanceof Fault ? err.message
      : program.subject + ' stopped because of a fault of ours. ' + program.plea;
    self.postMessage({t: 'failed', id: m.id, text, fatal: dead || m.t === 'init'});
  }
}

async function start({module, version}) {
  const go = new Go();
  const instance = await WebAssembly.instantiate(module, go.importObject);
  // main blocks for ever; the promise settles only when the program dies.
  go.run(instance).catch(() => {}).then(() => { dead = true; });
  wasm = instance.exports;
  call(() => wasm.named(put(encoder.encode(version || ''))));
  self.postMessage({t: 'ready', about: text(call(() => wasm.about()))});
}

// call runs one exported call; it returns a length or fails.
function call(f) {
  if (!wasm || dead) throw new Fault(program.subject + ' is not running. Reload the page to start it again.');
  let n;
  try {
    n = f();
  } catch (err) {
    dead = true;
    throw err;
  }
  if (n < 0) {
    dead = dead || n === -2;
    throw new Error(program.name + ': result ' + n);
  }
  return n;
}

// put writes bytes into the program's buffer. The view is made anew each time:
// the memory's buffer changes whenever it grows.
function put(bytes) {
  const at = wasm.buffer(Math.max(bytes.length, 1)) >>> 0;
  new Uint8Array(wasm.mem.buffer, at, bytes.length).set(bytes);
  return bytes.length;
}

// putTexts writes texts, one after the other, and returns their lengths in bytes.
function putTexts(...texts) {
  const parts = texts.map((t) => encoder.encode(t));
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  put(all);
  return parts.map((p) => p.length);
}

// text is a result of n bytes.
function text(n) {
  return decoder.decode(new Uint8Array(wasm.mem.buffer, wasm.result() >>> 0, n));
}

// unreadable makes one kind of what browsers say of a file that changed or
// vanished since it was chosen: slices a DOMException, Chromium's streams a
// TypeError ("network error").
function unreadable(err) {
  return err instanceof DOMException ? err : new DOMException(String(err || 'shorter than it was'), 'NotReadableError');
}
