'use strict';
// The reachability page's side of the probes' API: asks for one, follows its
// events, and cancels it.
//
//   ingestReach.listen(fn)        fn(message); see below
//   ingestReach.start(run, body)  body is the JSON of POST /api/v1/probes
//   ingestReach.cancel(run)
//   ingestReach.client()          asks for the visitor's own address, and for the platforms
//   ingestReach.ask(server)       opens the dialog that publish needs
//
// Messages: {t, run, data, status, id} with data as JSON text:
//   accepted  it has begun; data is the probe
//   event     one event of it
//   report    all that is known, where events do not come through; data is the probe
//   refused   it was not begun, or is gone; data is the problem, status its status
//   lost      the connection to this server is gone
//   client    the visitor's address, or data '' when it cannot be had
//   profiles  the platforms, or data ''
//   publish   was confirmed: id is the server, data the key, which nothing here keeps
//   input     data was typed into, or somebody pressed, the element id with data-reach
(() => {
  const api = '/api/v1/probes';
  const QUIET_MS = 4000;  // without an event for so long the report is asked for
  const ASK_MS = 2000;    // and then from time to time
  const TRIES = 4;        // in vain, before the connection counts as lost

  let listener = () => {};
  let current = null;
  let report = null; // the last result, to be saved

  window.ingestReach = {listen: (fn) => { listener = fn; }, start, cancel, client, ask: openDialog};

  async function start(run, body) {
    drop();
    const probe = current = {run, url: '', source: null, timer: 0, failed: 0, cancelled: false, done: false};
    let response, text;
    try {
      response = await fetch(api, {method: 'POST', headers: {'Content-Type': 'application/json'}, body, cache: 'no-store'});
      text = await response.text();
    } catch {
      tell(probe, 'lost', '');
      return;
    }
    if (response.status !== 202) {
      tell(probe, 'refused', text, response.status);
      return;
    }
    const answer = JSON.parse(text);
    probe.url = answer.url;
    if (probe.cancelled || probe !== current) { // while the answer was on its way
      forget(probe);
    }
    if (probe !== current) return;
    tell(probe, 'accepted', text);
    follow(probe, answer.events);
  }

  function follow(probe, address) {
    const source = probe.source = new EventSource(address);
    for (const kind of ['target', 'ladders', 'rung', 'done']) {
      source.addEventListener(kind, (e) => {
        if (probe !== current || probe.done) return;
        probe.failed = 0;
        watch(probe, QUIET_MS);
        if (kind === 'done') {
          end(probe);
          report = JSON.parse(e.data).result;
        }
        tell(probe, 'event', e.data);
      });
    }
    // It connects again by itself, unless the server said that there is nothing.
    source.onerror = () => watch(probe, source.readyState === EventSource.CLOSED ? 0 : ASK_MS);
    watch(probe, QUIET_MS);
  }

  // A proxy may hold the events back: then the report is asked for.
  function watch(probe, ms) {
    clearTimeout(probe.timer);
    if (!probe.done) probe.timer = setTimeout(() => ask(probe), ms);
  }

  async function ask(probe) {
    let status = 0, text = '';
    try {
      const response = await fetch(probe.url, {cache: 'no-store'});
      status = response.status;
      text = await response.text();
    } catch {
      // counted below
    }
    if (probe !== current || probe.done) return;
    if (status === 200) {
      probe.failed = 0;
      const answer = JSON.parse(text);
      if (answer.state !== 'running') {
        end(probe);
        report = answer.report;
      }
      tell(probe, 'report', text);
    } else if (status >= 400 && status < 500) {
      end(probe);
      tell(probe, 'refused', text, status);
    } else if (++probe.failed >= TRIES) {
      end(probe);
      tell(probe, 'lost', '');
    }
    watch(probe, ASK_MS);
  }

  function end(probe) {
    probe.done = true;
    clearTimeout(probe.timer);
    if (probe.source) probe.source.close();
  }

  // drop leaves the probe before alone; the server ends it when nobody watches,
  // but it need not wait for that.
  function drop() {
    if (!current || current.done) return;
    const old = current;
    end(old);
    if (old.url) forget(old);
  }

  function forget(probe) {
    fetch(probe.url, {method: 'DELETE', keepalive: true}).catch(() => {});
  }

  // cancel keeps listening: the last event says how far it came.
  function cancel(run) {
    if (!current || current.run !== run || current.done) return;
    current.cancelled = true;
    if (current.url) {
      forget(current);
      watch(current, ASK_MS);
    }
  }

  function tell(probe, t, data, status = 0) {
    if (probe === current) listener({t, run: probe.run, data, status, id: ''});
  }

  function client() {
    get('client', '/api/v1/client', 'no-store');
    get('profiles', '/api/v1/profiles', 'default');
  }

  async function get(t, address, cache) {
    let data = '';
    try {
      const response = await fetch(address, {cache});
      if (response.ok) data = await response.text();
    } catch {
      // the page says so
    }
    send(t, '', data);
  }

  // ---- the dialog before publish ----

  const el = (id) => document.getElementById(id);

  function emptyDialog() {
    for (const id of ['publish-server', 'publish-key']) el(id).value = '';
    for (const id of ['publish-sure', 'publish-reveal']) el(id).checked = false;
    checkDialog();
  }

  function checkDialog() {
    el('publish-key').type = el('publish-reveal').checked ? 'text' : 'password';
    el('publish-confirm').disabled = !(el('publish-sure').checked && el('publish-key').value && el('publish-server').value.trim());
  }

  function openDialog(server) {
    emptyDialog();
    el('publish-server').value = server;
    el('publish-dialog').showModal();
    el(server ? 'publish-key' : 'publish-server').focus();
  }

  // go-app draws the page anew when it starts, so these listen on the document.
  document.addEventListener('submit', (e) => {
    if (!e.target.closest('#publish-dialog')) return;
    e.preventDefault();
    checkDialog();
    if (el('publish-confirm').disabled) return;
    const [server, key] = [el('publish-server').value, el('publish-key').value];
    el('publish-dialog').close();
    emptyDialog();
    send('publish', server, key);
  });
  document.addEventListener('close', (e) => {
    if (e.target.id === 'publish-dialog') emptyDialog();
  }, true);
  document.addEventListener('click', (e) => {
    if (e.target.closest('#publish-cancel')) el('publish-dialog').close();
    const button = e.target.closest('[data-reach="click"]');
    if (button) send('input', button.id, '');
    if (report && e.target.closest('.reach #download')) {
      const host = String(report.target.host).replace(/[^a-z0-9.-]+/gi, '_');
      window.ingestTool.download('probe-' + host + '.ingestdoctor.json', JSON.stringify(report, null, 2) + '\n');
    }
  });
  // site.js copies what the button holds: it is put there in time.
  document.addEventListener('click', (e) => {
    const button = e.target.closest('#copy-json');
    if (button && report) button.dataset.copy = JSON.stringify(report, null, 2) + '\n';
  }, true);
  document.addEventListener('input', (e) => {
    if (e.target.closest('#publish-dialog')) checkDialog();
    if (e.target.matches('[data-reach="input"]')) send('input', e.target.id, e.target.value);
  });

  function send(t, id, data) {
    listener({t, run: 0, data, status: 0, id});
  }

  addEventListener('pagehide', drop);
})();
