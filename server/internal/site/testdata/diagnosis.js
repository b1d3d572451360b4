'use strict';
// Runs static/share/diagnosis.js in node against a real server. Arguments: the
// module, the server's address, a file of vectors that another implementation
// has made. Prints the vectors of this one.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const {webcrypto} = require('node:crypto');

if (!globalThis.crypto) globalThis.crypto = webcrypto;
const [, , module_, server, vectors] = process.argv;
require(module_);
const d = globalThis.ingestDiagnosis;
const {ring, hashesOf, seal, unseal, base64url, unbase64url, KINDS} = d.internals;
d.origin = server;
d.waits = [10, 10];

const MARKER = 'MARKER-of-the-plain-report-7c1f';
const rejects = (promise, code) => assert.rejects(promise, (err) => {
  assert.equal(err.code, code, err.stack);
  assert.ok(err.text.length > 20 && !/undefined|\[object/.test(err.text), err.text);
  return true;
});

const tests = {
  // What Go derives, seals and calls an id, this does too, and the reverse.
  async vectors() {
    const v = JSON.parse(fs.readFileSync(vectors, 'utf8'));
    const r = await ring('owner', unbase64url(v.owner));
    for (const name of ['customer', 'reader', 'own', 'add', 'read']) assert.equal(base64url(r[name]), v[name], name);
    const h = await hashesOf(r);
    assert.equal(base64url(h.id), v.id);
    assert.equal(await unseal(r.key, KINDS.result, h.id, unbase64url(v.result), unbase64url(v.envelope)), v.text);
    console.log(JSON.stringify({envelope: base64url(await seal(r.key, KINDS.brief, h.id, null, v.text))}));
  },

  // The roles are made weaker and never stronger.
  async roles() {
    const c = await ring('customer', crypto.getRandomValues(new Uint8Array(32)));
    assert.ok(c.add && c.read && c.key && !c.own && !c.owner);
    const r = await ring('reader', c.reader);
    assert.ok(r.read && r.key && !r.add && !r.own && !r.customer);
    assert.equal(base64url(r.read), base64url(c.read));
  },

  async story() {
    const brief = JSON.stringify({platform: 'azure-live-encoding', note: MARKER + ' Grüße', check: ['url']});
    const made = await d.create({days: 7, text: brief});
    const owner = await d.open(made.links.owner);
    assert.equal(owner.text, brief);
    assert.equal(owner.role, 'owner');
    assert.deepEqual(Object.keys(owner.links), ['owner', 'customer', 'reader']);
    assert.deepEqual(owner.links, made.links);

    const seen = [];
    const stop = new AbortController();
    const watching = owner.watch({
      state: (item) => seen.push('state ' + item.results + (item.closed_at ? ' closed' : '')),
      result: (r) => seen.push('result ' + r.seq),
      gone: () => seen.push('gone'),
    }, stop.signal);
    const until = async (what) => {
      for (let i = 0; !seen.includes(what); i++) {
        if (i > 500) throw new Error('never ' + what + ': ' + seen.join(', '));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await until('state 0');

    const customer = await d.open(made.links.customer);
    assert.equal(customer.text, brief);
    assert.deepEqual(Object.keys(customer.links), ['customer', 'reader']);
    await rejects(customer.close(), 'not-found');
    await rejects(customer.remove(), 'not-found');
    const report = JSON.stringify({report: MARKER, big: 'x'.repeat(300000)});
    const draft = await customer.draft(report);
    assert.equal(draft.size, (1 << 19) + 30); // padded
    const first = await draft.send();
    assert.deepEqual(await draft.send(), first); // again: the same answer
    await until('result 1');
    assert.equal(await owner.result(first.id), report);
    assert.equal((await owner.results()).length, 1);
    assert.equal(await customer.result(first.id), report);

    const reader = await d.open(made.links.reader);
    assert.equal(reader.text, brief);
    assert.equal(await reader.result(first.id), report);
    await rejects(reader.draft('x'), 'not-found');
    assert.deepEqual(Object.keys(reader.links), ['reader']);

    assert.ok((await owner.close()).closed_at);
    await until('state 1 closed');
    await rejects((await customer.draft('late')).send(), 'closed');
    assert.equal((await owner.reopen()).closed_at, undefined);
    await (await customer.draft('second')).send();
    await until('result 2');
    const before = Date.parse(owner.item.expires_at);
    assert.ok(Date.parse((await owner.extend(30)).expires_at) - before > 20 * 864e5);
    await rejects(owner.extend(31), 'bad-request');
    await owner.remove();
    await until('gone');
    await watching;
    for (const link of Object.values(made.links)) await rejects(d.open(link), 'not-found');
    await rejects(customer.results(), 'not-found');
    assert.equal(seen.filter((s) => s === 'result 1').length, 1, seen.join(', '));
  },

  async report() {
    const made = await d.create({kind: 'report', days: 1, text: MARKER});
    assert.deepEqual(Object.keys(made.links), ['owner', 'reader']);
    const s = await d.open(made.links.reader);
    assert.equal(s.text, MARKER);
    assert.equal(s.item.kind, 'report');
    await (await d.open(made.links.owner)).remove();
    await rejects(d.open(made.links.reader), 'not-found');
  },

  // A creation may be sent twice, and makes one.
  async twice() {
    const draft = await d.draft({text: 'x'});
    const a = await draft.send();
    assert.equal((await draft.send()).created_at, a.created_at);
  },

  async sizes() {
    const r = await ring('owner', crypto.getRandomValues(new Uint8Array(32)));
    const id = (await hashesOf(r)).id;
    for (const n of [0, 1, 1019, 1020, 1021, 2044, 5000, 32764]) {
      const e = await seal(r.key, KINDS.brief, id, null, 'x'.repeat(n));
      assert.equal(Math.log2(e.length - 30) % 1, 0, String(n));
      assert.equal((await unseal(r.key, KINDS.brief, id, null, e)).length, n);
    }
    await rejects(seal(r.key, KINDS.brief, id, null, 'x'.repeat(32765)), 'too-large');
    await rejects(seal(r.key, KINDS.result, id, null, 'x'.repeat((2 << 20) - 3)), 'too-large');
    assert.equal((await seal(r.key, KINDS.result, id, null, 'x'.repeat((2 << 20) - 4))).length, (2 << 20) + 30);
    const [a, b] = [await seal(r.key, KINDS.brief, id, null, 'x'), await seal(r.key, KINDS.brief, id, null, 'x')];
    assert.notDeepEqual(a.slice(2, 14), b.slice(2, 14)); // a fresh nonce
    const text = '\ufeffä😀\u0000' + JSON.stringify({a: 1});
    assert.equal(await unseal(r.key, KINDS.brief, id, null, await seal(r.key, KINDS.brief, id, null, text)), text);
  },

  // Every bit of an envelope counts, and its place too.
  async tampering() {
    const r = await ring('owner', crypto.getRandomValues(new Uint8Array(32)));
    const id = (await hashesOf(r)).id;
    const result = crypto.getRandomValues(new Uint8Array(16));
    const e = await seal(r.key, KINDS.result, id, result, MARKER);
    for (let i = 0; i < e.length; i++) {
      const bad = e.slice();
      bad[i] ^= 1 << (i % 8);
      await rejects(unseal(r.key, KINDS.result, id, result, bad), i === 0 && bad[0] > 1 ? 'newer' : 'damaged');
    }
    for (const n of [0, 1, 13, 14, 29, 30, 500, e.length - 1]) await rejects(unseal(r.key, KINDS.result, id, result, e.slice(0, n)), 'damaged');
    const other = crypto.getRandomValues(new Uint8Array(16));
    await rejects(unseal(r.key, KINDS.result, id, other, e), 'damaged');     // another result's
    await rejects(unseal(r.key, KINDS.result, other, result, e), 'damaged'); // another diagnosis's
    await rejects(unseal(r.key, KINDS.brief, id, null, e), 'damaged');       // as a brief
    const stranger = await ring('owner', crypto.getRandomValues(new Uint8Array(32)));
    await rejects(unseal(stranger.key, KINDS.result, id, result, e), 'damaged'); // another key
  },

  // What mail programs, chats and people do to links.
  async links() {
    const {id, links: {owner, customer, reader}} = await d.create({text: 'x'});
    const path = customer.slice(server.length);
    const key = path.split('#')[1];
    const mangled = {
      [customer]: false,
      [path]: false,
      ['  ' + customer + ' \n']: false,
      [customer + '.']: false,
      ['Please open ' + customer + ' and follow the steps.']: false,
      [customer + ')']: false,
      [customer + '>,']: false,
      [customer.slice(0, 70) + '\r\n ' + customer.slice(70)]: false,
      [customer.replace('#', '/#')]: false,
      [customer.replace('#', '%23')]: true,
      [customer.replace('#', '%2523')]: true,
      [customer.replace('#', '/%23')]: true,
      [customer.replace('#', '&#35;')]: true,
      [customer.replace('#', '')]: true,
      ['https://safelinks.example/?url=' + encodeURIComponent(customer) + '&data=05']: true,
      ['https://redirect.example/?u=' + encodeURIComponent(encodeURIComponent(customer))]: true,
      [customer.replace('#', '%23').replaceAll('_', '%5F').replaceAll('-', '%2D')]: true,
    };
    for (const [address, mended] of Object.entries(mangled)) {
      const link = await d.readLink(address);
      assert.equal(link.mended, mended, address);
      assert.equal(link.href, customer);
      assert.equal(link.role, 'customer');
    }
    assert.equal((await d.readLink(owner)).role, 'owner');
    assert.equal((await d.readLink(reader)).role, 'reader');
    await rejects(d.readLink('https://example.com/'), 'no-link');
    await rejects(d.readLink(''), 'no-link');
    await rejects(d.readLink(server + '/d/' + id), 'no-key');
    await rejects(d.readLink(server + '/d/' + id + '#'), 'no-key');
    for (let n = 1; n < key.length; n++) await rejects(d.readLink(customer.slice(0, -n)), 'cut');
    let missed = 0;
    for (let i = 0; i < key.length; i++) { // any character
      const c = key[i] === 'a' ? 'b' : 'a';
      await d.readLink('/d/' + id + '#' + key.slice(0, i) + c + key.slice(i + 1)).then(() => missed++, () => {});
    }
    assert.equal(missed, 0);
    await rejects(d.readLink('/d/' + id + '#' + key + 'x'), 'changed');
    await rejects(d.readLink('/d/' + (id[0] === 'A' ? 'B' : 'A') + id.slice(1) + '#' + key), 'changed');
    await rejects(d.readLink('/d/' + id + '#1o' + key.slice(2)), 'changed'); // another role
    await rejects(d.readLink('/d/' + id + '#<script>alert(1)</script>'), 'changed');
  },

  // A right link to what the server does not have, or gives out damaged.
  async server() {
    const draft = await d.draft({text: 'x'});
    await rejects(d.open(draft.links.customer), 'not-found');
    const {links} = await d.create({text: MARKER});
    const really = globalThis.fetch;
    const faked = async (change) => {
      globalThis.fetch = async (...args) => {
        const response = await really(...args);
        return change(response, args);
      };
      try {
        return await d.open(links.owner);
      } finally {
        globalThis.fetch = really;
      }
    };
    const json = (fn) => async (response) => {
      const item = await response.json();
      fn(item);
      return new Response(JSON.stringify(item));
    };
    const flip = (text, i) => {
      const bytes = unbase64url(text);
      bytes[i] ^= 1;
      return base64url(bytes);
    };
    await faked(json(() => {}));
    await rejects(faked(json((item) => { item.envelope = flip(item.envelope, 200); })), 'damaged');
    await rejects(faked(json((item) => { item.envelope = item.envelope.slice(0, 700); })), 'damaged');
    await rejects(faked(json((item) => { item.envelope = '<html>'; })), 'damaged');
    await rejects(faked(json((item) => { delete item.envelope; })), 'damaged');
    await rejects(faked(json((item) => { item.kind = 'report'; })), 'damaged');
    await rejects(faked(json((item) => { item.id = draft.id; })), 'damaged');
    await rejects(faked(async () => new Response('<html>', {status: 502})), 'failed');
    await rejects(faked(async () => new Response('{}', {status: 429, headers: {'Retry-After': '7'}})), 'quota');
    await rejects(faked(async () => { throw new TypeError('fetch failed'); }), 'offline');

    // the network fails twice, and the result is there once
    const s = await d.open(links.customer);
    const result = await s.draft('once');
    let failures = 0;
    globalThis.fetch = async (...args) => {
      const response = await really(...args); // it arrives
      if (failures++ < 2) throw new TypeError('fetch failed'); // and the answer does not
      return response;
    };
    try {
      assert.equal((await result.send()).seq, 1);
    } finally {
      globalThis.fetch = really;
    }
    assert.equal((await s.results()).length, 1);
  },

  // Nothing secret is in an address or in what is sent, but tokens in their header.
  async requests() {
    const really = globalThis.fetch;
    const sent = [];
    globalThis.fetch = async (url, options) => {
      sent.push({url: String(url), body: options.body ? Buffer.from(options.body).toString('latin1') : '', auth: options.headers.Authorization || '', options});
      return really(url, options);
    };
    try {
      const {links} = await d.create({text: MARKER});
      const s = await d.open(links.owner);
      await (await s.draft(MARKER)).send();
      await s.results();
      await s.close();
      const secrets = Object.values(links).map((l) => l.split('#')[1].slice(2, 45));
      assert.equal(sent.length, 5);
      for (const {url, body, auth, options} of sent) {
        for (const secret of [...secrets, MARKER]) {
          for (const text of [url, body, auth]) assert.ok(!text.includes(secret), url);
        }
        const token = auth.replace('Bearer ', '');
        assert.ok(token === '' || !url.includes(token) && !body.includes(token));
        assert.equal(options.credentials, 'omit');
        assert.equal(options.cache, 'no-store');
      }
      assert.equal(new Set(sent.map((r) => r.auth)).size, 4); // none, and three tokens
    } finally {
      globalThis.fetch = really;
    }
  },
};

(async () => {
  for (const [name, run] of Object.entries(tests)) {
    try {
      await run();
    } catch (err) {
      console.error(name + ': ' + err.stack);
      process.exitCode = 1;
    }
  }
  process.exit();
})();
