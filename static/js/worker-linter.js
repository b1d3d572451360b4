'use strict';
// The worker that reads ingest URLs with linter.wasm.
//
// It is served with connect-src 'none': it can open no connection, and the
// compiled program is handed to it by message. What it is given stays in its
// memory until the next text, or 'forget'.
//
// In:  {t: 'init', module, exec, version}   compiled linter.wasm, address of wasm_exec.js
//      {t: 'lint', id, what}
//      {t: 'sign', id, what, expiry}        Unix seconds
//      {t: 'rates', id, what, video, audio} kbit/s, 0 for none
//      {t: 'forget'}
//      what is {text, key, split, profile, signKey}: the URL, or (split) the server field and
//      the key field; profile '' for the one that the URL tells; signKey to verify or sign with
// Out: {t: 'ready', about}                  JSON: version, ruleset, profiles (wasm/linter/session.go)
//      {t: 'linted', id, report, plain, ms} two JSON texts (wasm/ingest/json.go): secrets masked, and
//                                           what is masked; the spans are in bytes of the UTF-8 text
//      {t: 'made', id, url, shown}          signed or with rates; '' where that cannot be
//      {t: 'failed', id, text, fatal}

let wasm = null;                 // the exports of linter.wasm
let dead = false;                // the program ended: only a new worker helps

const encoder = new TextEncoder();
const decoder = new TextDecoder();

self.onmessage = async (event) => {
  const m = event.data;
  try {
    switch (m.t) {
      case 'init': await init(m); break;
      case 'lint': lint(m); break;
      case 'sign': made(m, () => wasm.sign(m.expiry)); break;
      case 'rates': made(m, () => wasm.rates(m.video, m.audio)); break;
      case 'forget': if (wasm) call(() => wasm.forget()); break;
    }
  } catch (err) {
    console.error(err.message);  // never what was typed
    self.postMessage({t: 'failed', id: m.id, fatal: dead || m.t === 'init',
      text: 'The linter stopped because of a fault of ours. Nothing was sent anywhere. Please report it, without the URL.'});
  }
};

async function init({module, exec, version}) {
  importScripts(exec);
  const go = new Go();
  const instance = await WebAssembly.instantiate(module, go.importObject);
  // main blocks for ever; the promise settles only when the program dies.
  go.run(instance).catch(() => {}).then(() => { dead = true; });
  wasm = instance.exports;
  const [length] = put([version || '']);
  call(() => wasm.named(length));
  self.postMessage({t: 'ready', about: text(call(() => wasm.about()))});
}

function lint({id, what}) {
  const started = performance.now();
  const report = text(judge(what));
  const plain = text(call(() => wasm.plain()));
  self.postMessage({t: 'linted', id, report, plain, ms: performance.now() - started});
}

function made({id, what}, make) {
  judge(what);
  const {url, shown} = JSON.parse(text(call(make)));
  self.postMessage({t: 'made', id, url, shown});
}

function judge({text, key, split, profile, signKey}) {
  const [a, b, c, d] = put([text || '', key || '', profile || '', signKey || '']);
  return call(() => wasm.lint(a, b, c, d, split ? 1 : 0, Math.floor(Date.now() / 1000)));
}

// call runs one exported call; it returns a length or fails.
function call(f) {
  if (!wasm || dead) throw new Error('linter: not running');
  let n;
  try {
    n = f();
  } catch (err) {
    dead = true;
    throw err;
  }
  if (n < 0) {
    dead = dead || n === -2;
    throw new Error('linter: result ' + n);
  }
  return n;
}

// put writes texts into the program's buffer, one after the other, and returns
// their lengths in bytes. The view is made anew each time: the memory's buffer
// changes whenever it grows.
function put(texts) {
  const parts = texts.map((t) => encoder.encode(t));
  const total = parts.reduce((n, p) => n + p.length, 0);
  let at = call(() => wasm.buffer(Math.max(total, 1))) >>> 0;
  for (const p of parts) {
    new Uint8Array(wasm.mem.buffer, at, p.length).set(p);
    at += p.length;
  }
  return parts.map((p) => p.length);
}

function text(n) {
  return decoder.decode(new Uint8Array(wasm.mem.buffer, wasm.result() >>> 0, n));
}
