'use strict';
// The page's side of the worker: compiles validator.wasm while the rest of the
// page loads, keeps a warm worker, and replaces one that hangs. On a page that
// takes no recordings it begins when somebody listens.
//
//   ingestValidator.listen(fn)             fn(message) for every message of the worker (worker.js),
//                                          and {t: 'failed', text, fatal: true} when it cannot start
//   ingestValidator.analyse(id, file, profile)
//   ingestValidator.cancel(id)
//   ingestValidator.dissect(id, file, offset)
//   ingestValidator.about                  the JSON of 'ready', '' until then
(() => {
  const CANCEL_MS = 300; // a worker that has not stopped by then is replaced

  const urls = {
    worker: goappGetenv('ASSET_WORKER_JS'),
    wasm: goappGetenv('ASSET_VALIDATOR_WASM'),
    exec: goappGetenv('ASSET_WASM_EXEC'),
  };
  let worker = null;
  let running = null; // {id, post}: the analysis the worker is on
  let listener = null;
  let early = [];     // messages from before anybody listened
  let waiting = [];   // calls from before the worker was ready
  let cancelTimer = 0;

  const client = {about: '', listen, analyse, cancel, dissect};
  window.ingestValidator = client;

  function tell(message) {
    if (listener) listener(message);
    else early.push(message);
  }

  function listen(fn) {
    begin();
    listener = fn;
    for (const message of early.splice(0)) fn(message);
  }

  let compiled = null;

  function begin() {
    if (compiled) return;
    compiled = compile();
    compiled.catch(() => {});
    spawn();
  }

  if (document.querySelector('[data-drop="files"]')) begin();

  async function compile() {
    const response = await fetch(urls.wasm);
    if (!response.ok) throw new Error('HTTP ' + response.status);
    if (WebAssembly.compileStreaming && (response.headers.get('Content-Type') || '').startsWith('application/wasm')) {
      return WebAssembly.compileStreaming(response);
    }
    return WebAssembly.compile(await response.arrayBuffer());
  }

  async function spawn() {
    client.about = '';
    try {
      if (typeof WebAssembly !== 'object') throw new Fault('This browser cannot run WebAssembly, which the analyser needs. A current Chrome, Edge, Firefox or Safari can.');
      const fresh = new Worker(urls.worker);
      worker = fresh;
      fresh.onmessage = (event) => { if (worker === fresh) receive(event.data); };
      fresh.onerror = (event) => {
        event.preventDefault();
        console.error('worker: ' + event.message);
        if (worker === fresh) broken('The analyser could not be started. Reload the page; if that does not help, a browser extension may block it.');
      };
      fresh.postMessage({t: 'init', module: await compiled, exec: urls.exec, version: goappGetenv('PROGRAM_VERSION')});
    } catch (err) {
      console.error(err);
      broken(err instanceof Fault ? err.message : 'The analyser could not be loaded. Check the connection and reload the page.');
    }
  }

  class Fault extends Error {}

  function broken(text) {
    if (worker) worker.terminate();
    worker = null;
    waiting = [];
    running = null;
    tell({t: 'failed', text, fatal: true});
  }

  function receive(message) {
    switch (message.t) {
      case 'ready':
        client.about = message.about;
        for (const post of waiting.splice(0)) worker.postMessage(post);
        break;
      case 'progress':
      case 'partial':
        // What was on its way when it was cancelled.
        if (!running || running.id !== message.id || running.cancelled) return;
        break;
      case 'done':
        if (!running || running.id !== message.id) return;
        clearTimeout(cancelTimer);
        running = null;
        break;
      case 'failed':
        if (running && running.id === message.id) {
          clearTimeout(cancelTimer);
          running = null;
        }
        if (message.fatal && !client.about) { // it never started; another would not either
          broken(message.text);
          return;
        }
        if (message.fatal) replace();
        tell({...message, fatal: false});
        return;
    }
    tell(message);
  }

  function replace() {
    if (worker) worker.terminate();
    worker = null;
    running = null;
    spawn();
  }

  function post(message) {
    if (worker && client.about) worker.postMessage(message);
    else waiting.push(message);
  }

  function analyse(id, file, profile) {
    performance.mark('ingest-chosen');
    running = {id, cancelled: false};
    post({t: 'analyse', id, file, profile});
  }

  function cancel(id) {
    if (!running || running.id !== id) return;
    running.cancelled = true;
    const before = waiting.length;
    waiting = waiting.filter((m) => m.id !== id);
    if (waiting.length < before) { // it never began
      running = null;
      tell({t: 'stopped', id});
      return;
    }
    worker.postMessage({t: 'cancel', id});
    clearTimeout(cancelTimer);
    cancelTimer = setTimeout(() => {
      if (!running || running.id !== id) return;
      replace();
      tell({t: 'stopped', id});
    }, CANCEL_MS);
  }

  function dissect(id, file, offset) { post({t: 'dissect', id, file, offset}); }
})();
