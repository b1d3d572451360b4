'use strict';
// Runs static/js/client.js and linter.js in node, with workers that the tests
// play. Arguments: the two files.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const vm = require('node:vm');

const [, , clientFile, linterFile] = process.argv;
const where = {worker: '/worker.js', wasm: '/p.wasm', scripts: '/a.js /b.js', version: 'v1'};
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

// page is a window with the scripts in it: its workers, and how the program loads.
function page({status = 200, webAssembly = true, files = [clientFile]} = {}) {
  const workers = [];
  class Worker {
    constructor(url) {
      Object.assign(this, {url, got: [], ended: false});
      workers.push(this);
    }
    postMessage(m) { this.got.push(m); }
    terminate() { this.ended = true; }
    // what the worker says
    say(data) { this.onmessage({data}); }
    async ready() {
      await turn();
      this.say({t: 'ready', about: '{}'});
    }
    // what it was asked, the start left out
    get asked() { return this.got.filter((m) => m.t !== 'init'); }
  }
  const window = {};
  const context = {
    window, Worker, setTimeout, clearTimeout, console: {error() {}}, document: {querySelector: () => null},
    fetch: async () => ({ok: status === 200, status, headers: {get: () => ''}, arrayBuffer: async () => new ArrayBuffer(8)}),
  };
  context.WebAssembly = webAssembly ? {compile: async () => 'module'} : undefined;
  vm.createContext(context);
  for (const file of files) {
    vm.runInContext(fs.readFileSync(file, 'utf8'), context);
    Object.assign(context, window); // a window's members are global
  }
  return {window, workers};
}

// started is a client whose worker is there, and what its page hears.
function started(options) {
  const {window, workers} = page(options);
  const heard = [];
  const client = window.ingestClient('the linter', (m) => m.t !== 'kept');
  client.start(where);
  client.start({...where, worker: '/other.js'}); // it starts once
  client.listen((m) => heard.push(m));
  return {client, workers, heard};
}

const plain = (v) => JSON.parse(JSON.stringify(v)); // of another realm
const same = (got, want) => assert.deepEqual(plain(got), plain(want));

const tests = {
  async 'what waits is sent once the worker is ready'() {
    const {client, workers, heard} = started();
    client.post({t: 'a', id: 1});
    client.now({t: 'lost'});
    assert.equal(client.about, '');
    await workers[0].ready();
    client.post({t: 'b', id: 2});
    client.now({t: 'c'});
    same(workers[0].got[0], {t: 'init', module: 'module', scripts: ['/a.js', '/b.js'], version: 'v1'});
    same(workers[0].asked, [{t: 'a', id: 1}, {t: 'b', id: 2}, {t: 'c'}]);
    workers[0].say({t: 'kept'});
    same(heard, [{t: 'ready', about: '{}'}]);
    assert.equal(workers.length, 1);
    assert.equal(workers[0].url, '/worker.js');
  },

  async 'who listens late hears all'() {
    const {window, workers} = page();
    const client = window.ingestClient('the linter', () => true);
    client.start(where);
    await workers[0].ready();
    const heard = [];
    client.listen((m) => heard.push(m));
    same(heard, [{t: 'ready', about: '{}'}]);
  },

  async 'a start that fails is told'() {
    for (const [options, words] of [[{status: 404}, /could not be loaded/], [{webAssembly: false}, /which the linter needs/]]) {
      const {client, heard} = started(options);
      await turn();
      assert.equal(heard.length, 1);
      assert.ok(heard[0].fatal && words.test(heard[0].text) && /^(The linter|This browser)/.test(heard[0].text), heard[0].text);
      assert.equal(client.about, '');
    }
    const {workers, heard} = started();
    workers[0].onerror({message: 'blocked', preventDefault() {}});
    assert.ok(heard[0].fatal && /^The linter could not be started/.test(heard[0].text) && workers[0].ended);
  },

  async 'a program that cannot start is not started again'() {
    const {workers, heard} = started();
    await turn();
    workers[0].say({t: 'failed', text: 'No.', fatal: true});
    same(heard, [{t: 'failed', text: 'No.', fatal: true}]);
    assert.ok(workers.length === 1 && workers[0].ended);
  },

  async 'one that died is replaced'() {
    const {client, workers, heard} = started();
    await workers[0].ready();
    client.running = {id: 7};
    client.post({t: 'work', id: 7});
    workers[0].say({t: 'failed', id: 7, text: 'Ours.', fatal: true});
    assert.ok(workers[0].ended && workers.length === 2 && client.running === null);
    same(heard.at(-1), {t: 'failed', id: 7, text: 'Ours.', fatal: false});
    client.post({t: 'work', id: 8});
    await workers[1].ready();
    same(workers[1].asked, [{t: 'work', id: 8}]);
    workers[0].say({t: 'late'}); // from the dead one
    assert.ok(!heard.some((m) => m.t === 'late'));
  },

  async 'a fault of one job ends that job alone'() {
    const {client, workers, heard} = started();
    await workers[0].ready();
    client.running = {id: 7};
    client.post({t: 'work', id: 7});
    workers[0].say({t: 'failed', id: 6, text: 'Not that one.', fatal: false});
    assert.equal(client.running.id, 7);
    workers[0].say({t: 'failed', id: 7, text: 'Unreadable.', fatal: false});
    assert.ok(client.running === null && workers.length === 1 && !workers[0].ended);
    same(heard.at(-1), {t: 'failed', id: 7, text: 'Unreadable.', fatal: false});
  },

  async 'cancelled before it began'() {
    const {client, workers, heard} = started();
    client.running = {id: 1};
    client.post({t: 'work', id: 1});
    client.cancel(1, 10);
    same(heard, [{t: 'stopped', id: 1}]);
    assert.equal(client.running, null);
    await workers[0].ready();
    same(workers[0].asked, []);
  },

  async 'a worker that does not stop is replaced'() {
    const {client, workers, heard} = started();
    await workers[0].ready();
    client.running = {id: 1};
    client.post({t: 'work', id: 1});
    client.cancel(1, 20);
    assert.equal(workers.length, 1);
    for (let n = 0; n < 200 && workers.length === 1; n++) await turn();
    assert.equal(workers.length, 2);
    assert.ok(workers[0].ended && client.running === null);
    same(heard.at(-1), {t: 'stopped', id: 1});
  },

  async 'one that stops is kept'() {
    const {client, workers} = started();
    await workers[0].ready();
    client.running = {id: 1};
    client.post({t: 'work', id: 1});
    client.cancel(1, 10);
    assert.ok(!client.ended(2) && client.ended(1));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(workers.length === 1 && !workers[0].ended);
  },

  async 'the newest text is judged, and only it waits'() {
    const {window, workers} = page({files: [clientFile, linterFile]});
    const linter = window.ingestLinter;
    linter.start(where);
    await workers[0].ready();
    for (const text of ['a', 'ab', 'abc']) linter.lint(text.length, {text});
    same(workers[0].asked.map((m) => m.what.text), ['a']);
    workers[0].say({t: 'linted', id: 1, report: '{"findings":[]}', plain: '{}'});
    same(workers[0].asked.map((m) => m.what.text), ['a', 'abc']);
  },

  async 'the newest text survives the death of the worker'() {
    const {window, workers} = page({files: [clientFile, linterFile]});
    const linter = window.ingestLinter;
    linter.start(where);
    await workers[0].ready();
    linter.lint(1, {text: 'a'});
    linter.lint(2, {text: 'ab'});
    workers[0].say({t: 'failed', id: 1, text: 'Ours.', fatal: true});
    await workers[1].ready();
    same(workers[1].asked.map((m) => m.what.text), ['ab']);
  },

  async 'a text that was forgotten before the start does not block the next'() {
    const {window, workers} = page({files: [clientFile, linterFile]});
    const linter = window.ingestLinter;
    linter.start(where);
    linter.lint(1, {text: 'a'});
    linter.forget();
    linter.lint(2, {text: 'ab'});
    await workers[0].ready();
    same(workers[0].asked.map((m) => m.what.text), ['ab']);
  },
};

(async () => {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
    } catch (err) {
      console.error(`${name}: ${err.stack}`);
      process.exitCode = 1;
    }
  }
  console.log(Object.keys(tests).length);
})();
