'use strict';
// The page's side of a worker, whichever program it runs: compiles the program
// while the rest of the page loads, keeps a warm worker, and replaces one that
// died or hangs. validator.js, linter.js and explainer.js each have one.
//
//   const client = ingestClient('the linter', receive)
//       receive(message) hears each message of the worker first; what it answers
//       with false goes no further
//   client.start({worker, wasm, scripts, version})  addresses, those of scripts (worker-core.js) with blanks
//                              between; may be called again: it starts once
//   client.started
//   client.about               the JSON of 'ready', '' until then
//   client.listen(fn)          fn(message) for each message, those of before too, and
//                              {t: 'failed', text, fatal: true} when the worker cannot start
//   client.tell(message)       a message of the page's side
//   client.post(message)       to the worker, once it is ready
//   client.withdraw(test)      drops what waits for that; whether there was any
//   client.now(message)        to the worker, if it is ready
//   client.running             the job that the worker is on: set to {id, ...}; null when it has
//                              failed, was stopped, or the worker is gone
//   client.ended(id)           that job is over; whether it was running
//   client.cancel(id, ms)      ends a job; a worker that does not within ms is replaced. Told as
//                              {t: 'stopped', id} where the worker does not answer
//   client.within(ms, fn)      fn() unless what runs is over by then
//   client.replace()           a new worker
window.ingestClient = (subject, receive) => {
  const Subject = subject[0].toUpperCase() + subject.slice(1);

  let where = null;
  let compiled = null;
  let worker = null;
  let listener = null;
  let early = [];     // messages from before anybody listened
  let waiting = [];   // calls from before the worker was ready
  let timer = 0;

  const client = {
    about: '', running: null, start, listen, tell, post, withdraw, now, ended, cancel, within, replace,
    get started() { return where !== null; },
  };

  function start(given) {
    if (where) return;
    where = given;
    compiled = compile();
    compiled.catch(() => {});
    spawn();
  }

  async function compile() {
    const response = await fetch(where.wasm);
    if (!response.ok) throw new Error('HTTP ' + response.status);
    if (WebAssembly.compileStreaming && (response.headers.get('Content-Type') || '').startsWith('application/wasm')) {
      return WebAssembly.compileStreaming(response);
    }
    return WebAssembly.compile(await response.arrayBuffer());
  }

  class Fault extends Error {}   // what went wrong, in words for a person

  async function spawn() {
    client.about = '';
    try {
      if (typeof WebAssembly !== 'object') throw new Fault(`This browser cannot run WebAssembly, which ${subject} needs. A current Chrome, Edge, Firefox or Safari can.`);
      const fresh = new Worker(where.worker);
      worker = fresh;
      fresh.onmessage = (event) => { if (worker === fresh) hear(event.data); };
      fresh.onerror = (event) => {
        event.preventDefault();
        console.error('worker: ' + event.message);
        if (worker === fresh) broken(Subject + ' could not be started. Reload the page; if that does not help, a browser extension may block it.');
      };
      fresh.postMessage({t: 'init', module: await compiled, scripts: where.scripts.split(' '), version: where.version || ''});
    } catch (err) {
      console.error(err);
      broken(err instanceof Fault ? err.message : Subject + ' could not be loaded. Check the connection and reload the page.');
    }
  }

  function drop() {
    clearTimeout(timer);
    if (worker) worker.terminate();
    worker = null;
    client.running = null;
  }

  function broken(text) {
    drop();
    waiting = [];
    tell({t: 'failed', text, fatal: true});
  }

  function replace() {
    drop();
    spawn();
  }

  function hear(message) {
    switch (message.t) {
      case 'ready':
        client.about = message.about;
        for (const m of waiting.splice(0)) worker.postMessage(m);
        break;
      case 'failed':
        if (message.fatal && !client.about) { // it never started; another would not either
          broken(message.text);
          return;
        }
        ended(message.id);
        if (message.fatal) replace();
        message = {...message, fatal: false};
        break;
    }
    if (receive(message) !== false) tell(message);
  }

  function listen(fn) {
    listener = fn;
    if (fn) for (const message of early.splice(0)) fn(message);
  }

  function tell(message) {
    if (listener) listener(message);
    else early.push(message);
  }

  function post(message) {
    if (worker && client.about) worker.postMessage(message);
    else waiting.push(message);
  }

  function withdraw(test) {
    const before = waiting.length;
    waiting = waiting.filter((m) => !test(m));
    return waiting.length < before;
  }

  function now(message) {
    if (worker && client.about) worker.postMessage(message);
  }

  function ended(id) {
    if (!client.running || client.running.id !== id) return false;
    clearTimeout(timer);
    client.running = null;
    return true;
  }

  function within(ms, fn) {
    clearTimeout(timer);
    timer = setTimeout(fn, ms);
  }

  function cancel(id, ms) {
    if (withdraw((m) => m.id === id)) { // it never began
      ended(id);
      tell({t: 'stopped', id});
      return;
    }
    worker.postMessage({t: 'cancel', id});
    within(ms, () => {
      if (!client.running || client.running.id !== id) return;
      replace();
      tell({t: 'stopped', id});
    });
  }

  return client;
};
