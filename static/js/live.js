'use strict';
// The page of test streams: asks for a push address, follows what happens to it
// over server-sent events, and has live-parts.js draw what the report does not
// hold. States and the report are drawn by the page's program (web/ui/live.go).
//
//   ingestLive.listen(fn)    fn(message); takes up the session that this tab remembers
//   ingestLive.leave()       the page goes away; the session goes on
//   ingestLive.redraw()      after something was opened or chosen
//
// Messages: {t, data, status, id} with data as JSON text:
//   off         this server takes no test streams; profiles  the platforms
//   session     there is a push address: just made, or remembered
//   refused     none was given; data is the problem, status its status, 0 for no answer
//   state       the session as it stands, without what is drawn here; count is how
//               many connections there were, went how the last one ended
//   report      so far
//   slow        nothing has come for a while
//   lost, back  the connection to this server went, and is there again
//   gone        the server does not know the session any more
//   do          data was chosen in, or somebody pressed, the element id with data-live
//
// The id and the key are kept in sessionStorage, for this tab alone, so that a
// reload goes on; they are never in an address that a person sees.
(() => {
  const api = '/api/v1/live';
  const slot = 'ingestdoctor.live';
  const SLOW_MS = 20000;   // without an encoder
  const QUIET_MS = 4000;   // without an event while one pushes: the state is asked for
  const CALM_MS = 12000;   // and at other times
  const SOON_MS = 1200;    // after the encoder went
  const AGAIN_MS = 1500;   // between tries to connect again
  const KEPT = 2400;       // ticks, thinned beyond it
  const ROWS = 500;        // entries

  let listener = () => {};
  let current = null;
  let behaviours = []; // how the platforms refuse
  let asked = {};      // the last request

  window.ingestLive = {listen, leave, redraw: () => current && show(current)};

  const el = (id) => document.getElementById(id);
  const tell = (t, data = '', status = 0, id = '') => listener({t, data, status, id});
  const store = (fn) => {
    try {
      return fn(sessionStorage);
    } catch {
      return null; // blocked: then a reload begins anew
    }
  };

  // ---- the session ----

  function listen(fn) {
    listener = fn;
    get(api, 'no-store', (text) => {
      const service = JSON.parse(text);
      if (!service.open) tell('off');
      behaviours = service.behaviours;
      behaveSoon();
    });
    get('/api/v1/profiles', 'default', (text) => tell('profiles', text));
    let made = null;
    try {
      made = JSON.parse(store((s) => s.getItem(slot)));
    } catch {
      // not ours
    }
    if (made && typeof made.url === 'string' && made.url.startsWith(api + '/')) take(made);
  }

  async function get(address, cache, read) {
    try {
      const response = await fetch(address, {cache});
      if (response.ok) read(await response.text());
    } catch {
      // the page shows what it was drawn with; making an address says why not
    }
  }

  // behave says how the chosen platform refuses, and offers what can be asked for.
  function behave() {
    const [box, select] = [el('behave'), el('profile')];
    if (!box || !select) return;
    const b = behaviours.find((x) => x.profile === select.value);
    box.disabled = !b || !b.behaves || select.disabled;
    el('behave-hint').textContent = b ? b.text : '';
    liveParts.refusals(b && b.behaves && box.checked ? b.refusals : []);
  }

  // behaveSoon waits until there is something to choose from.
  function behaveSoon(tries = 100) {
    const select = el('profile');
    if (select && behaviours.some((b) => b.profile === select.value)) behave();
    else if (tries > 0) setTimeout(behaveSoon, 100, tries - 1);
  }

  function request() {
    const box = el('behave');
    const on = box.checked && !box.disabled;
    return {profile: el('profile').value, behave: on, refuse: on && el('refuse') ? el('refuse').value : ''};
  }

  async function make(what) {
    forget();
    asked = what;
    let response, text;
    try {
      response = await fetch(api, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(what), cache: 'no-store'});
      text = await response.text();
    } catch {
      tell('refused');
      return;
    }
    if (response.status !== 201) {
      tell('refused', text, response.status);
      return;
    }
    store((s) => s.setItem(slot, text));
    take(JSON.parse(text));
  }

  function take(made) {
    drop();
    current = {
      made, source: null, timer: 0, slow: 0, clock: 0, last: 0, state: 'waiting', lost: false, done: false,
      expires: Date.parse(made.expires), ticks: [], conns: new Map(), entries: [], dropped: 0, report: '', drawing: false, span: 60000, reveal: false, address: 0,
    };
    tell('session');
    current.slow = setTimeout(() => tell('slow'), SLOW_MS);
    current.clock = setInterval(clock, 500);
    draw(current);
    follow(current);
  }

  function show(s) {
    s.news = true;
    draw(s);
  }

  function drop() {
    if (!current) return;
    const old = current;
    current = null;
    close(old);
    clearInterval(old.clock);
    liveParts.clear();
  }

  function close(s) {
    s.done = true;
    clearTimeout(s.timer);
    clearTimeout(s.slow);
    if (s.source) s.source.close();
  }

  function forget() {
    drop();
    store((s) => s.removeItem(slot));
  }

  function leave() {
    listener = () => {};
    drop();
  }

  async function stop() {
    const s = current;
    if (!s) return;
    try {
      await fetch(s.made.url, {method: 'DELETE', cache: 'no-store'});
    } catch {
      // asked for below
    }
    if (s === current && !s.done) watch(s, 1000); // where the event does not come
  }

  // ---- its events ----

  const readers = {
    state,
    end: state,
    connection: (s, data) => {
      const c = JSON.parse(data);
      s.conns.set(c.n, c);
      draw(s);
    },
    entry: (s, data) => {
      s.entries.push(JSON.parse(data));
      if (s.entries.length > ROWS) {
        s.dropped += s.entries.length - ROWS;
        s.entries.splice(0, s.entries.length - ROWS);
      }
      draw(s);
    },
    tick: (s, data) => {
      const t = JSON.parse(data);
      s.ticks.push(t);
      if (s.ticks.length > KEPT) thin(s);
      show(s);
    },
    report: (s, data) => {
      s.report = data;
      tell('report', data);
    },
  };

  function follow(s) {
    const source = s.source = new EventSource(s.made.events);
    for (const [name, read] of Object.entries(readers)) {
      source.addEventListener(name, (e) => {
        if (s !== current || s.done) return;
        heard(s);
        read(s, e.data);
      });
    }
    source.onerror = () => {
      if (s !== current || s.done) return;
      // It connects again by itself, unless the server said that there is nothing.
      lose(s);
      watch(s, AGAIN_MS);
    };
    watch(s, CALM_MS);
  }

  function heard(s) {
    if (s.lost) {
      s.lost = false;
      tell('back');
    }
    watch(s, s.due ? SOON_MS : s.state === 'publishing' ? QUIET_MS : CALM_MS);
  }

  function lose(s) {
    if (s.lost) return;
    s.lost = true;
    tell('lost');
  }

  // A proxy may hold the events back, and a dead connection says nothing: then
  // the state is asked for.
  function watch(s, ms) {
    clearTimeout(s.timer);
    if (!s.done) s.timer = setTimeout(() => ask(s), ms);
  }

  async function ask(s) {
    let status = 0, text = '';
    try {
      const response = await fetch(s.made.url, {cache: 'no-store', signal: AbortSignal.timeout(8000)});
      status = response.status;
      text = await response.text();
    } catch {
      // counted as lost
    }
    if (s !== current || s.done) return;
    if (status === 200) {
      heard(s);
      state(s, text);
      if (!s.done && s.source.readyState === EventSource.CLOSED) follow(s);
    } else if (status === 404) {
      close(s);
      s.state = 'ended';
      draw(s);
      store((k) => k.removeItem(slot));
      tell('gone');
    } else {
      lose(s);
      watch(s, AGAIN_MS);
      if (s.source.readyState === EventSource.CLOSED) follow(s);
    }
  }

  function state(s, text) {
    const snap = JSON.parse(text), was = s.state;
    s.state = snap.state;
    s.expires = Date.parse(snap.expires) || s.expires;
    s.entries = snap.entries || [];
    s.dropped = snap.dropped_entries || 0;
    s.rebuilt = true;
    const got = snap.ticks || [];
    // what was seen as it came is finer than what the server keeps
    const [mine, theirs] = [s.ticks.at(-1), got.at(-1)];
    if (theirs && (!mine || theirs.at_ms > mine.at_ms + 2000)) s.ticks = got;
    for (const c of snap.connections || []) s.conns.set(c.n, c);
    if (s.state !== 'waiting') clearTimeout(s.slow);
    asked = {profile: snap.profile, behave: snap.behave, refuse: snap.refuse || ''};
    const list = [...s.conns.values()];
    snap.count = list.length;
    snap.went = list.length > 0 ? list.at(-1).why || '' : '';
    const report = snap.report && JSON.stringify(snap.report);
    for (const name of ['entries', 'ticks', 'connections', 'report']) delete snap[name];
    if (s.state === 'ended') {
      s.span = 0;
      close(s);
      finish(s, snap, report);
      return;
    }
    if (report) readers.report(s, report);
    // the report of what came last is made a moment after the encoder went
    s.due = s.state === 'between' && was !== s.state;
    if (s.due) watch(s, SOON_MS);
    tell('state', JSON.stringify(snap));
    show(s);
    clock();
  }

  // finish takes the last report as it is, to the letter: it is what is saved.
  async function finish(s, snap, report) {
    if (report) {
      try {
        const response = await fetch(s.made.report, {cache: 'no-store', signal: AbortSignal.timeout(5000)});
        if (response.ok) report = (await response.text()).trim();
      } catch {
        // that of the event says the same
      }
      if (s !== current) return;
      readers.report(s, report);
    }
    tell('state', JSON.stringify(snap));
    show(s);
  }

  // thin leaves every other tick of the older half out.
  function thin(s) {
    const half = s.ticks.length >> 1;
    s.ticks = s.ticks.filter((_, i) => i >= half || i % 2 === 0);
  }

  // ---- drawing: static/js/live-parts.js ----

  // draw waits until the page's program has drawn its part.
  function draw(s) {
    if (s.drawing) return;
    s.drawing = true;
    requestAnimationFrame(() => setTimeout(() => {
      s.drawing = false;
      if (s !== current) return;
      liveParts.draw(s);
      if (s.news) liveParts.numbers(s);
    }));
  }

  function clock() {
    const s = current;
    if (!s) return;
    draw(s); // where the page was drawn anew
    if (s.done) return;
    const left = s.expires - Date.now();
    liveParts.put('left', left > 0 ? 'Good for ' + liveParts.span(left) + ' more.' : 'The time is up.');
  }

  // ---- what is pressed ----

  function fileName() {
    const d = new Date();
    const two = (n) => String(n).padStart(2, '0');
    return 'test-stream-' + d.getFullYear() + two(d.getMonth() + 1) + two(d.getDate()) + '-' + two(d.getHours()) + two(d.getMinutes()) + '.ingestdoctor.json';
  }

  // go-app draws the page anew when it starts, so these listen on the document.
  document.addEventListener('click', (e) => {
    const own = e.target.closest('button[data-live="own"]');
    if (own && current) {
      if (own.id === 'show-key') current.reveal = !current.reveal;
      else current.span = Number(own.dataset.liveSpan);
      show(current);
      return;
    }
    const button = e.target.closest('[data-live="click"]');
    if (!button) return;
    const report = current && current.report;
    switch (button.id) {
      case 'download':
        if (report) window.ingestTool.download(fileName(), report + '\n');
        break;
      case 'share':
      case 'compare':
        if (report) window.ingestHandover.go({kind: button.id, text: report});
        break;
      case 'stop':
        stop();
        break;
      case 'make':
      case 'again':
        make(button.id === 'make' ? request() : asked);
        tell('do', '', 0, button.id);
        break;
      case 'other':
        forget();
        tell('do', '', 0, button.id);
        behaveSoon();
    }
  });
  document.addEventListener('input', (e) => {
    if (e.target.id === 'address' && current) {
      current.address = Number(e.target.value);
      show(current);
    } else if (e.target.id === 'behave') {
      behave();
    } else if (e.target.id === 'profile' && e.target.matches('[data-live]')) {
      tell('do', e.target.value, 0, 'profile');
      behave();
    }
  });
})();
