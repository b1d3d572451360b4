'use strict';
// Diagnoses that are shared by link. All that is secret happens here: the server
// gets ciphertext, hashes and tokens (server/internal/site/share.go has its API),
// never a key, a link or a word of what is inside.
//
//   const d = ingestDiagnosis
//
//   d.create({kind, days, text})       keeps a text on the server; kind 'diagnosis' (the brief that
//                                      the customer is to see) or 'report' (one result on its own)
//     -> {id, item, links: {owner, customer, reader}}   addresses to give away. A report has no
//                                      customer link: reader is the one to share, owner the one to delete with
//   d.draft({kind, days, text})        the same in two steps: -> {id, links, send()}; send may be called
//                                      again after a failure and never makes two
//   d.takeLink()                       the link that this page was opened with; takes the key out of the
//                                      address bar -> {id, role: 'owner' | 'customer' | 'reader', mended, href}
//                                      or null where there is none. mended: a gateway had made %23 of the #,
//                                      and the server has seen the key: d.words.mended says so to the reader
//   d.readLink(address)                the same for a text that somebody pasted
//   d.open(link)                       -> a session; link is what the two above give, or an address
//
//   session.id, .role, .item, .text    item: {kind, created_at, expires_at, results, now, and closed_at once it
//                                      is closed}, times as ISO 8601; text: what create was given
//   session.links                      addresses of this and of lesser rights
//   session.results(after = 0)         -> [{id, seq, created_at, size}]
//   session.result(id)                 -> text
//   session.draft(text)                -> {id, size, send()}: a result, encrypted; send() -> {id, seq, created_at}, may be
//                                      called again, and tries again by itself when the network fails
//   session.watch({state, result, gone, trouble, calm}, signal)   what happens, as it happens, until the
//                                      signal is aborted: state(item), result({id, seq, ...}), gone(), trouble(error)
//                                      when the connection is lost, calm() when it is back
//   session.close() .reopen() .extend(days) .remove()             owner only; -> item
//
//   d.keep(link, extra) .kept(id) .forget(id)   in this browser, for coming back: kept -> {link, extra} or null
//
// Every failure is a DiagnosisError with a code, a sentence for the reader in
// text, and where it is known retryAfter in seconds:
//   no-key cut changed no-link     the link
//   damaged newer                  what the server gave cannot be opened
//   too-large insecure offline     this side
//   not-found closed conflict full quota no-space unavailable bad-request bad-envelope origin failed   the server
//
// How it is made. Links are /d/<id>#1<role><secret><check>. The owner's secret is
// 256 random bits; the customer's is derived from it, the reader's from the
// customer's (HKDF-SHA-256, no salt), so a link can be made weaker and never
// stronger. The tokens to own, to add and to read come from the three secrets in
// turn, the AES-256-GCM key from the reader's. check is 20 bits over role, id and
// secret: a link that was cut or changed on the way is told from one that has
// expired. id is made of the tokens' hashes. An envelope is version, kind, a fresh
// nonce, ciphertext; version, kind and both ids are authenticated with it; the text
// is padded with zeros to a power of two.
(() => {
  const VERSION = 1;
  const KINDS = {brief: 1, result: 2, report: 3};
  const MIN_PADDED = 1 << 10;
  const MAX_BRIEF = 32 << 10;
  const MAX_RESULT = 2 << 20;
  const HEAD = 14; // version, kind, nonce
  const TAG = 16;
  const ROLES = {o: 'owner', c: 'customer', r: 'reader'};
  const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
  const API = '/api/v1/diagnoses/';
  const WAITS = [500, 1500, 4000]; // ms before a result is sent again

  const words = {
    'mended': 'A mail program had changed this link: the # in it had become %23. It works again, but that way its key went to the server with the address. This server writes it into no log; programs on the way may have seen it. If that matters, ask for a new link by another way.',
    'no-key': 'The link is not complete: what follows the # is missing. Copy the whole link from the message and paste it into the address bar.',
    'cut': 'The link was cut short on the way. Copy the whole link from the message, to its last character.',
    'changed': 'The link was changed on the way: a character in it is not what it was. Copy it from the message again, or ask for a new one.',
    'no-link': 'This is not the link of a diagnosis.',
    'damaged': 'What the server gave cannot be opened with this link: it was damaged or changed after it was encrypted. Nothing of it is shown. Ask for it to be sent again.',
    'newer': 'This was made by a newer version of this page. Reload the page.',
    'too-large': 'This is too large to be shared. A result may be 2 MB and a note 32 kB.',
    'insecure': 'Encryption works only over https (or on localhost). Open this page by its https address.',
    'offline': 'The server cannot be reached. Check the connection and try again; nothing is lost.',
    'failed': 'The server could not do this. Try again; if it stays, tell whoever runs it.',
    'origin': 'This was refused because it comes from a page of another site.',
  };

  class DiagnosisError extends Error {
    constructor(code, more = {}) {
      const text = more.text || words[code] || words.failed;
      super(text);
      this.name = 'DiagnosisError';
      this.code = code;
      this.text = text;
      this.status = more.status || 0;
      this.retryAfter = more.retryAfter || 0;
    }
  }

  // ---- bytes ----

  const utf8 = new TextEncoder();

  function base64url(bytes) {
    let binary = '';
    for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  // null for what is not the one base64url text of some bytes.
  function unbase64url(text) {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
    try {
      const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
      const bytes = new Uint8Array(binary.length);
      for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
      return base64url(bytes) === text ? bytes : null;
    } catch {
      return null;
    }
  }

  function join(...parts) {
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) {
      all.set(p, at);
      at += p.length;
    }
    return all;
  }

  const random = (n) => crypto.getRandomValues(new Uint8Array(n));
  const label = (text) => utf8.encode('ingestdoctor/' + VERSION + ' ' + text);

  function subtle() {
    if (!globalThis.crypto || !crypto.subtle) throw new DiagnosisError('insecure');
    return crypto.subtle;
  }

  const sha256 = async (bytes) => new Uint8Array(await subtle().digest('SHA-256', bytes));

  // ---- keys ----

  async function derive(secret, purpose) {
    const key = await subtle().importKey('raw', secret, 'HKDF', false, ['deriveBits']);
    const bits = await subtle().deriveBits({name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: label(purpose)}, key, 256);
    return new Uint8Array(bits);
  }

  // ring is all that follows from a link's secret.
  async function ring(role, secret) {
    const r = {owner: null, customer: null, reader: null, own: null, add: null, read: null, key: null};
    r[role] = secret;
    if (r.owner) r.customer = await derive(r.owner, 'customer');
    if (r.customer) r.reader = await derive(r.customer, 'reader');
    if (r.owner) r.own = await derive(r.owner, 'own token');
    if (r.customer) r.add = await derive(r.customer, 'add token');
    r.read = await derive(r.reader, 'read token');
    r.key = await subtle().importKey('raw', await derive(r.reader, 'content key'), 'AES-GCM', false, ['encrypt', 'decrypt']);
    return r;
  }

  async function hashesOf(r) {
    const read = await sha256(r.read), add = await sha256(r.add), own = await sha256(r.own);
    const id = (await sha256(join(label('id'), read, add, own))).slice(0, 16);
    return {read, add, own, id};
  }

  // ---- links ----

  async function checkOf(letter, id, secret) {
    const h = await sha256(join(label('link'), utf8.encode(letter), id, secret));
    const n = (h[0] << 12) | (h[1] << 4) | (h[2] >> 4);
    return [15, 10, 5, 0].map((shift) => ALPHABET[(n >> shift) & 31]).join('');
  }

  const letterOf = (role) => Object.keys(ROLES).find((l) => ROLES[l] === role);

  async function addressOf(role, id, secret) {
    const letter = letterOf(role);
    return client.origin + '/d/' + base64url(id) + '#' + VERSION + letter + base64url(secret) + await checkOf(letter, id, secret);
  }

  async function linksOf(r, id, kind) {
    const links = {};
    for (const role of ['owner', 'customer', 'reader']) {
      if (r[role] && !(kind === 'report' && role === 'customer')) links[role] = await addressOf(role, id, r[role]);
    }
    return links;
  }

  // unescape undoes what programs do to an address, as often as they did it.
  function unescape(text) {
    for (let i = 0; i < 3 && /%[0-9a-f]{2}/i.test(text); i++) {
      try {
        text = decodeURIComponent(text);
      } catch {
        break;
      }
    }
    return text.replace(/&#(?:35|x23);|&num;/gi, '#');
  }

  async function readLink(address) {
    const text = String(address).trim();
    const asSent = /(?:^|\/)d\/([A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])\/?(.*)$/s.exec(text);
    const m = asSent || /(?:^|\/)d\/([A-Za-z0-9_-]{22})(.*)$/s.exec(unescape(text)); // inside another address, or without its #
    if (!m) throw new DiagnosisError('no-link');
    const mended = !(asSent && m[2].startsWith('#'));
    const id = unbase64url(m[1]);
    const after = unescape(m[2]).replace(/^\/?#?/, '');
    const rest = after.replace(/[\s\u200b\u00ad]+/g, ''); // a line that was broken
    if (rest === '') throw new DiagnosisError('no-key');
    const form = /^(\d)([a-z])([A-Za-z0-9_-]{43})([0-9a-z]{4})(.*)$/s;
    const key = form.exec(after.trim().split(/\s/)[0]) || form.exec(rest);
    if (!key) throw new DiagnosisError(/^[A-Za-z0-9_-]*$/.test(rest) && rest.length < 49 ? 'cut' : 'changed');
    const [, version, letter, secretText, check, tail] = key;
    const secret = unbase64url(secretText);
    if (!id || !secret || /^[A-Za-z0-9_-]/.test(tail)) throw new DiagnosisError('changed');
    if (await checkOf(letter, id, secret) !== check) throw new DiagnosisError('changed');
    if (version !== String(VERSION) || !ROLES[letter]) throw new DiagnosisError('newer');
    const role = ROLES[letter];
    return {id: m[1], role, mended, secret, href: await addressOf(role, id, secret)};
  }

  const SESSION = 'ingestdoctor.link.'; // + id, in sessionStorage: for a reload

  async function takeLink() {
    const at = /^\/d\/([A-Za-z0-9_-]{22})/.exec(location.pathname);
    if (!at) {
      history.replaceState(history.state, '', '/d/');
      return null;
    }
    const address = location.pathname + location.hash;
    // At once, before anything can fail: no screenshot, history or bookmark has the key.
    history.replaceState(history.state, '', '/d/' + at[1]);
    let problem;
    try {
      const link = await readLink(address);
      store(() => sessionStorage.setItem(SESSION + link.id, JSON.stringify([link.href, link.mended])));
      return link;
    } catch (err) {
      problem = err;
    }
    if (problem.code === 'no-key') { // reloaded, or come back to
      const before = store(() => JSON.parse(sessionStorage.getItem(SESSION + at[1])));
      const kept = before ? before[0] : (client.kept(at[1]) || {}).link;
      if (kept) {
        const link = await readLink(kept);
        return {...link, mended: Boolean(before && before[1])};
      }
    }
    throw problem;
  }

  // Storage may be switched off or full: then nothing is kept, and the rest works.
  function store(fn) {
    try {
      return fn();
    } catch {
      return null;
    }
  }

  const KEPT = 'ingestdoctor.diagnosis.'; // + id, in localStorage

  function keep(link, extra = null) {
    const ok = store(() => {
      localStorage.setItem(KEPT + link.id, JSON.stringify({link: link.href, extra}));
      return true;
    });
    return Boolean(ok);
  }

  function kept(id) {
    const found = store(() => JSON.parse(localStorage.getItem(KEPT + id)));
    return found && typeof found.link === 'string' ? found : null;
  }

  function forget(id) {
    store(() => localStorage.removeItem(KEPT + id));
    store(() => sessionStorage.removeItem(SESSION + id));
  }

  // ---- envelopes ----

  function authenticated(kind, id, result) {
    return join(new Uint8Array([VERSION, kind]), id, result || new Uint8Array(16));
  }

  async function seal(key, kind, id, result, text) {
    const data = utf8.encode(text);
    const most = kind === KINDS.brief ? MAX_BRIEF : MAX_RESULT;
    if (data.length + 4 > most) throw new DiagnosisError('too-large');
    let size = MIN_PADDED;
    while (size < data.length + 4) size *= 2;
    const padded = new Uint8Array(size);
    new DataView(padded.buffer).setUint32(0, data.length);
    padded.set(data, 4);
    const nonce = random(12); // 96 random bits: of one key there are at most 65 uses
    const sealed = await subtle().encrypt({name: 'AES-GCM', iv: nonce, additionalData: authenticated(kind, id, result)}, key, padded);
    return join(new Uint8Array([VERSION, kind]), nonce, new Uint8Array(sealed));
  }

  async function unseal(key, kind, id, result, envelope) {
    if (envelope.length > 0 && envelope[0] > VERSION) throw new DiagnosisError('newer');
    const size = envelope.length - HEAD - TAG;
    if (size < MIN_PADDED || size > MAX_RESULT || (size & (size - 1)) !== 0 || envelope[0] !== VERSION || envelope[1] !== kind) {
      throw new DiagnosisError('damaged');
    }
    let padded;
    try {
      padded = new Uint8Array(await subtle().decrypt(
        {name: 'AES-GCM', iv: envelope.slice(2, HEAD), additionalData: authenticated(kind, id, result)}, key, envelope.slice(HEAD)));
    } catch {
      throw new DiagnosisError('damaged');
    }
    const n = new DataView(padded.buffer).getUint32(0);
    if (n > padded.length - 4 || padded.subarray(4 + n).some((b) => b !== 0)) throw new DiagnosisError('damaged');
    try {
      return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(padded.subarray(4, 4 + n));
    } catch {
      throw new DiagnosisError('damaged');
    }
  }

  // ---- the server ----

  async function ask(method, path, token, options = {}) {
    const headers = {Accept: options.accept || 'application/json', ...options.headers};
    if (token) headers.Authorization = 'Bearer ' + base64url(token);
    let response;
    try {
      response = await fetch(client.origin + API + path, {
        method, headers, body: options.body, signal: options.signal,
        cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer',
      });
    } catch (err) {
      if (options.signal && options.signal.aborted) throw err;
      throw new DiagnosisError('offline');
    }
    if (response.ok) return response;
    let problem = {};
    try {
      problem = await response.json();
    } catch { /* a proxy's page */ }
    const retryAfter = Number(response.headers.get('Retry-After')) || 0;
    const code = problem.code || (response.status === 403 ? 'origin' : response.status === 413 ? 'too-large' : response.status === 429 ? 'quota' : 'failed');
    throw new DiagnosisError(code, {text: problem.code && problem.detail, status: response.status, retryAfter});
  }

  async function body(response, as) {
    try {
      return as === 'json' ? await response.json() : new Uint8Array(await response.arrayBuffer());
    } catch {
      throw new DiagnosisError('offline'); // it broke off
    }
  }

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // stubborn tries again when the network or the store fails for a moment: only
  // for what may be sent twice.
  async function stubborn(fn) {
    for (let i = 0; ; i++) {
      try {
        return await fn();
      } catch (err) {
        if (err.code !== 'offline' || i >= client.waits.length) throw err;
        await pause(client.waits[i]);
      }
    }
  }

  async function draft({kind = 'diagnosis', days = 7, text}) {
    const r = await ring('owner', random(32));
    const h = await hashesOf(r);
    const envelope = await seal(r.key, kind === 'report' ? KINDS.report : KINDS.brief, h.id, null, text);
    const name = base64url(h.id);
    const request = JSON.stringify({
      version: VERSION, kind, days, read: base64url(h.read), add: base64url(h.add), own: base64url(h.own), envelope: base64url(envelope),
    });
    const send = () => stubborn(async () => body(await ask('PUT', name, null, {body: request, headers: {'Content-Type': 'application/json'}}), 'json'));
    return {id: name, links: await linksOf(r, h.id, kind), send};
  }

  async function create(what) {
    const d = await draft(what);
    return {id: d.id, links: d.links, item: await d.send()};
  }

  async function open(link) {
    if (typeof link === 'string') link = await readLink(link);
    const id = unbase64url(link.id);
    const r = await ring(link.role, link.secret);
    if (r.owner && base64url((await hashesOf(r)).id) !== link.id) throw new DiagnosisError('changed');
    const {envelope: text, ...item} = await body(await ask('GET', link.id, r.read), 'json');
    const envelope = unbase64url(String(text));
    if (!envelope || item.id !== link.id) throw new DiagnosisError('damaged');
    const kind = item.kind === 'report' ? KINDS.report : KINDS.brief;
    return new Session(link, id, r, item, await unseal(r.key, kind, id, null, envelope), await linksOf(r, id, item.kind));
  }

  class Session {
    #bytes;
    #ring;

    constructor(link, bytes, r, item, text, links) {
      this.id = link.id;
      this.role = link.role;
      this.item = item;
      this.text = text;
      this.links = links;
      this.#bytes = bytes;
      this.#ring = r;
    }

    async results(after = 0) {
      return (await body(await ask('GET', this.id + '/results?after=' + after, this.#ring.read), 'json')).results;
    }

    async result(id) {
      const bytes = unbase64url(id);
      if (!bytes || bytes.length !== 16) throw new DiagnosisError('not-found');
      const response = await ask('GET', this.id + '/results/' + id, this.#ring.read, {accept: 'application/octet-stream'});
      return unseal(this.#ring.key, KINDS.result, this.#bytes, bytes, await body(response, 'bytes'));
    }

    async draft(text) {
      if (!this.#ring.add) throw new DiagnosisError('not-found');
      const bytes = random(16);
      const envelope = await seal(this.#ring.key, KINDS.result, this.#bytes, bytes, text);
      const id = base64url(bytes);
      const send = () => stubborn(async () => body(await ask('PUT', this.id + '/results/' + id, this.#ring.add, {
        body: envelope, headers: {'Content-Type': 'application/octet-stream'},
      }), 'json'));
      return {id, size: envelope.length, send};
    }

    async #change(change) {
      if (!this.#ring.own) throw new DiagnosisError('not-found');
      const response = await ask('PATCH', this.id, this.#ring.own, {body: JSON.stringify(change), headers: {'Content-Type': 'application/json'}});
      this.item = await body(response, 'json');
      return this.item;
    }

    close() { return this.#change({closed: true}); }
    reopen() { return this.#change({closed: false}); }
    extend(days) { return this.#change({days}); }

    async remove() {
      if (!this.#ring.own) throw new DiagnosisError('not-found');
      await ask('DELETE', this.id, this.#ring.own);
      client.forget(this.id);
    }

    async watch(hear, signal) {
      let last = 0;
      let lost = false;
      for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, 30000)) {
        try {
          const response = await ask('GET', this.id + '/events?after=' + last, this.#ring.read, {accept: 'text/event-stream', signal});
          if (lost && hear.calm) hear.calm();
          lost = false;
          for await (const event of eventsOf(response.body)) {
            wait = 1000;
            const data = JSON.parse(event.data);
            if (event.type === 'state') {
              this.item = data;
              if (hear.state) hear.state(data);
            } else if (event.type === 'result') {
              last = data.seq;
              if (hear.result) hear.result(data);
            } else if (event.type === 'gone') {
              if (hear.gone) hear.gone();
              return;
            }
          }
        } catch (err) {
          if (signal.aborted) return;
          if (err.code === 'not-found') {
            if (hear.gone) hear.gone();
            return;
          }
          if (err.retryAfter) wait = Math.max(wait, err.retryAfter * 1000);
          if (!lost && hear.trouble) hear.trouble(err instanceof DiagnosisError ? err : new DiagnosisError('offline'));
          lost = true;
        }
        if (!signal.aborted) await pause(client.waits.length ? wait : 10);
      }
    }
  }

  // eventsOf reads server-sent events. EventSource cannot send a header, and a
  // token must not stand in an address.
  async function* eventsOf(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = '';
    try {
      for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        buffer += value;
        for (let end; (end = buffer.indexOf('\n\n')) >= 0; buffer = buffer.slice(end + 2)) {
          const event = {type: 'message', data: ''};
          for (const line of buffer.slice(0, end).split('\n')) {
            if (line.startsWith('event: ')) event.type = line.slice(7);
            else if (line.startsWith('data: ')) event.data += line.slice(6);
          }
          if (event.data) yield event;
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  const client = {
    origin: globalThis.location ? location.origin : '',
    waits: WAITS,
    words, DiagnosisError,
    create, draft, open, takeLink, readLink, keep, kept, forget,
    // for the tests: the same must come out of another implementation
    internals: {ring, hashesOf, seal, unseal, base64url, unbase64url, KINDS},
  };
  globalThis.ingestDiagnosis = client;
})();
