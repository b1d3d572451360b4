'use strict';
// The page of test streams: asks for a push address, follows what happens to it
// over server-sent events, and draws what changes several times a second. What is
// drawn less often (states, connections, the report) is the page's program's.
//
//   ingestLive.listen(fn)    fn(message); takes up the session that this tab remembers
//   ingestLive.make(body)    body is the JSON of POST /api/v1/live
//   ingestLive.stop()        ends the session; its last state comes as an event
//   ingestLive.forget()      leaves the session and what is remembered of it
//   ingestLive.leave()       the page goes away; the session goes on
//
// Messages: {t, data, status, id} with data as JSON text:
//   service     whether this server takes test streams; profiles  the platforms
//   session     the push address: just made, or remembered
//   refused     none was given; data is the problem, status its status, 0 for no answer
//   state, end  the session as it stands, without its entries and ticks
//   connection, report
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
  const AGAIN_MS = 1500;   // between tries to connect again
  const KEPT = 2400;       // ticks, thinned beyond it
  const ROWS = 500;        // entries

  let listener = () => {};
  let current = null;

  window.ingestLive = {listen, make, stop, forget, leave};

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
    get('service', api, 'no-store');
    get('profiles', '/api/v1/profiles', 'default');
    let made = null;
    try {
      made = JSON.parse(store((s) => s.getItem(slot)));
    } catch {
      // not ours
    }
    if (made && typeof made.url === 'string' && made.url.startsWith(api + '/')) take(made);
  }

  async function get(t, address, cache) {
    try {
      const response = await fetch(address, {cache});
      if (response.ok) tell(t, await response.text());
    } catch {
      // the page shows what it was drawn with; making an address says why not
    }
  }

  async function make(body) {
    drop();
    let response, text;
    try {
      response = await fetch(api, {method: 'POST', headers: {'Content-Type': 'application/json'}, body, cache: 'no-store'});
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
      expires: Date.parse(made.expires), ticks: [], conns: new Map(), entries: [], dropped: 0, report: '', drawn: 0, drawing: false, span: 60000,
    };
    tell('session', JSON.stringify(made));
    current.slow = setTimeout(() => tell('slow'), SLOW_MS);
    current.clock = setInterval(clock, 500);
    follow(current);
  }

  function drop() {
    if (!current) return;
    const old = current;
    current = null;
    close(old);
  }

  function close(s) {
    s.done = true;
    clearTimeout(s.timer);
    clearTimeout(s.slow);
    clearInterval(s.clock);
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
    state: (s, data) => state(s, data, 'state'),
    end: (s, data) => state(s, data, 'end'),
    connection: (s, data) => {
      connection(s, JSON.parse(data));
      tell('connection', data);
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
      s.news = true;
      draw(s);
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
    watch(s, s.state === 'publishing' ? QUIET_MS : CALM_MS);
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
      state(s, text, 'state');
      if (!s.done && s.source.readyState === EventSource.CLOSED) follow(s);
    } else if (status === 404) {
      close(s);
      store((k) => k.removeItem(slot));
      tell('gone');
    } else {
      lose(s);
      watch(s, AGAIN_MS);
      if (s.source.readyState === EventSource.CLOSED) follow(s);
    }
  }

  function state(s, text, t) {
    const snap = JSON.parse(text);
    s.state = snap.state;
    s.expires = Date.parse(snap.expires) || s.expires;
    s.entries = snap.entries || [];
    s.dropped = snap.dropped_entries || 0;
    s.rebuilt = true;
    const got = snap.ticks || [];
    // what was seen as it came is finer than what the server keeps
    const [mine, theirs] = [s.ticks.at(-1), got.at(-1)];
    if (theirs && (!mine || theirs.at_ms > mine.at_ms + 2000)) s.ticks = got;
    for (const c of snap.connections || []) connection(s, c);
    if (snap.report) s.report = JSON.stringify(snap.report);
    if (s.state !== 'waiting') clearTimeout(s.slow);
    delete snap.entries;
    delete snap.ticks;
    if (s.state === 'ended') {
      s.span = 0;
      close(s);
    }
    pressed(s);
    // the report of what came last is made a moment after the encoder went
    if (s.state === 'between' && t === 'state' && !s.asked) watch(s, 1200);
    s.asked = s.state === 'between';
    tell(t, JSON.stringify(snap));
    s.news = true;
    draw(s);
    clock();
  }

  // pressed marks how much the plots show.
  function pressed(s) {
    for (const b of document.querySelectorAll('[data-live-span]')) b.setAttribute('aria-pressed', String(Number(b.dataset.liveSpan) === s.span));
  }

  function connection(s, c) {
    s.conns.set(c.n, c);
  }

  // thin leaves every other tick of the older half out.
  function thin(s) {
    const half = s.ticks.length >> 1;
    s.ticks = s.ticks.filter((_, i) => i >= half || i % 2 === 0);
  }

  // ---- what changes many times a second ----

  // draw waits until the page's program has drawn its part.
  function draw(s) {
    if (s.drawing) return;
    s.drawing = true;
    requestAnimationFrame(() => setTimeout(() => {
      s.drawing = false;
      if (s !== current) return;
      log(s);
      if (s.news) numbers(s);
    }));
  }

  const put = (name, text) => {
    const node = document.querySelector('[data-live-text="' + name + '"]');
    if (node && node.textContent !== text) node.textContent = text;
  };
  const fixed = (v, digits) => v.toLocaleString('en-GB', {minimumFractionDigits: digits, maximumFractionDigits: digits});
  const time = (ms) => (ms < 0 ? '–' : ms < 995 ? fixed(ms, 0) + ' ms' : ms < 99950 ? fixed(ms / 1000, 1) + ' s' : span(ms));
  const rate = (bps) => (bps >= 9.995e6 ? fixed(bps / 1e6, 1) + ' Mb/s' : fixed(bps / 1e3, 0) + ' kb/s');
  const size = (b) => (b < 0 ? 'not known' : b >= 1e6 ? fixed(b / 1e6, b >= 1e8 ? 0 : 1) + ' MB' : b >= 1e3 ? fixed(b / 1e3, 0) + ' kB' : fixed(b, 0) + ' B');

  // span writes milliseconds as 0:14 or 1:02:03.
  function span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, '0');
    return s >= 3600 ? Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60) : Math.floor(s / 60) + ':' + two(s % 60);
  }

  function lag(ms) {
    if (Math.abs(ms) < 50) return 'in time';
    return time(Math.abs(ms)) + (ms > 0 ? '' : ' early');
  }

  function numbers(s) {
    const box = el('live-numbers');
    const t = s.ticks.at(-1);
    if (!box || !t) return;
    s.news = false;
    if (box.dataset.tick === '0') pressed(s);
    const c = s.conns.get(t.conn);
    put('lag', lag(t.lag_ms));
    put('jitter', time(t.jitter_ms));
    put('idle', time(t.idle_ms));
    put('video', rate(t.video_bps));
    put('audio', rate(t.audio_bps));
    put('fps', fixed(t.fps, 1) + ' fps');
    put('media', span(t.media_ms));
    put('bytes', size(t.bytes));
    put('first', c ? (c.first_key_ms < 0 ? 'not yet' : time(c.first_key_ms)) : '–');
    put('key', time(t.key_ms));
    put('unacked', size(t.unacked));
    put('window', size(t.window));
    put('queue', size(t.queue));
    put('rtt', t.rtt_ms < 0 ? 'not known' : fixed(t.rtt_ms, t.rtt_ms < 10 ? 1 : 0) + ' ms');
    put('for', c ? span((c.ended_ms < 0 ? t.at_ms : c.ended_ms) - c.began_ms) : '–');
    box.dataset.tick = String(++s.drawn);
    plots(s);
    table(s);
  }

  // columns are the ticks as plots want them, with a gap between connections.
  function columns(s) {
    let list = s.ticks;
    const start = list[0].at_ms;
    const last = list.at(-1).at_ms;
    if (s.span > 0) list = list.filter((t) => t.at_ms >= last - s.span);
    const step = Math.ceil(list.length / 600);
    const out = {x: [], conn: [], lag: [], video: [], audio: [], fps: [], declared: [], jitter: [], idle: []};
    const add = (x, t) => {
      out.x.push(x);
      out.lag.push(t && t.lag_ms);
      out.video.push(t && t.video_bps / 1000);
      out.audio.push(t && t.audio_bps / 1000);
      out.fps.push(t && t.fps);
      out.declared.push(t && t.declared_fps > 0 ? t.declared_fps : null);
      out.jitter.push(t && t.jitter_ms);
      out.idle.push(t && t.idle_ms);
    };
    list.forEach((t, i) => {
      const before = list[i - 1];
      if (before && before.conn !== t.conn) add((before.at_ms + t.at_ms) / 2 - start, null);
      else if (step > 1 && i % step !== 0 && i !== list.length - 1) return;
      add(t.at_ms - start, t);
    });
    return out;
  }

  function plots(s) {
    const plots = window.ingestPlots;
    if (!plots || s.ticks.length < 2) return;
    const c = columns(s);
    const line = (label, role, style, values) => ({label, role, style, points: false, values});
    const one = (id, yUnit, yKeep, series) => {
      const canvas = el('live-plot-' + id);
      if (canvas) plots.draw(canvas, {id: 'live-' + id, file: s.made.id, group: 'live', xUnit: 'at', yUnit, selected: '', x: c.x, series, yKeep, limits: [], markers: []});
    };
    one('lag', 'ms', [-200, 200], [line('behind its clock', 'accent', 'line', c.lag)]);
    one('rate', 'kbps', [0], [line('video', 'video', 'steps', c.video), line('audio', 'audio', 'steps', c.audio)]);
    one('frames', 'fps', [0], [line('arrived', 'video', 'steps', c.fps), line('declared', 'accent', 'thin', c.declared)]);
    one('jitter', 'ms', [0, 100], [line('jitter', 'accent', 'line', c.jitter), line('idle', 'audio', 'thin', c.idle)]);
  }

  // table says the same as the plots, where somebody has opened it, once a second.
  function table(s) {
    const box = el('live-table');
    const now = Date.now();
    if (!box || !box.open || s.ticks.length === 0 || now - (s.tabled || 0) < 1000 && !s.done) return;
    s.tabled = now;
    const start = s.ticks[0].at_ms;
    const count = Math.min(20, s.ticks.length);
    const head = ['At', 'Arrival lag', 'Video', 'Audio', 'Frame rate', 'Jitter', 'Idle'];
    const rows = [];
    for (let i = 0; i < count; i++) {
      const t = s.ticks[Math.floor((i + 1) * s.ticks.length / count) - 1];
      rows.push([span(t.at_ms - start), lag(t.lag_ms), rate(t.video_bps), rate(t.audio_bps), fixed(t.fps, 1) + ' fps', time(t.jitter_ms), time(t.idle_ms)]);
    }
    const make = (tag, children, attributes = {}) => {
      const node = Object.assign(document.createElement(tag), attributes);
      node.append(...children);
      return node;
    };
    box.querySelector('.table-wrap').replaceChildren(make('table', [
      make('thead', [make('tr', head.map((h, i) => make('th', [h], {scope: 'col', className: i ? 'num' : ''})))]),
      make('tbody', rows.map((r) => make('tr', r.map((v, i) => make(i ? 'td' : 'th', [v], i ? {className: 'num'} : {scope: 'row', className: 'num'}))))),
    ], {className: 'table table--dense'}));
  }

  // ---- what was said ----

  const who = {in: 'Encoder', out: 'Server', note: 'Note'};

  // exact writes milliseconds as 0:14.203.
  const exact = (ms) => span(ms) + '.' + String(Math.floor(ms % 1000)).padStart(3, '0');

  function row(e) {
    const li = document.createElement('li');
    li.dataset.dir = e.dir;
    if (e.level) li.dataset.level = e.level;
    const part = (tag, className, text) => {
      const node = document.createElement(tag);
      node.className = className;
      node.textContent = text;
      li.append(node, ' ');
    };
    part('span', 'live-log__at num muted', exact(e.at_ms));
    part('span', 'live-log__who', who[e.dir] || e.dir);
    part(e.dir === 'note' ? 'span' : 'code', 'live-log__name', e.name);
    if (e.text) part('span', 'live-log__text', e.text);
    return li;
  }

  function log(s) {
    const list = el('live-entries');
    if (!list) return;
    const box = list.parentElement;
    const end = box.scrollHeight - box.scrollTop - box.clientHeight < 24; // whoever reads further up stays there
    const first = s.dropped, last = s.dropped + s.entries.length;
    if (s.rebuilt || list.dataset.of !== s.made.url || Number(list.dataset.to) < first) {
      list.replaceChildren(...s.entries.map(row));
    } else if (Number(list.dataset.to) < last) {
      list.append(...s.entries.slice(Number(list.dataset.to) - first).map(row));
      while (list.children.length > ROWS) list.firstChild.remove();
    } else {
      return;
    }
    s.rebuilt = false;
    list.dataset.of = s.made.url;
    list.dataset.to = String(last);
    const count = el('live-entry-count');
    if (count) count.textContent = last === 1 ? '1 line' : last + ' lines' + (first > 0 ? ', the last ' + s.entries.length + ' shown' : '');
    if (end) box.scrollTop = box.scrollHeight;
  }

  function clock() {
    const s = current;
    if (!s || s.done) return;
    const left = s.expires - Date.now();
    put('left', left > 0 ? 'Good for ' + span(left) + ' more.' : 'The time is up.');
    if (s.news || s.ticks.length > 0 && el('live-numbers') && el('live-numbers').dataset.tick === '0') {
      s.news = true;
      draw(s);
    }
    log(s);
  }

  // ---- what is pressed ----

  function fileName() {
    const d = new Date();
    const two = (n) => String(n).padStart(2, '0');
    return 'test-stream-' + d.getFullYear() + two(d.getMonth() + 1) + two(d.getDate()) + '-' + two(d.getHours()) + two(d.getMinutes()) + '.ingestdoctor.json';
  }

  // go-app draws the page anew when it starts, so these listen on the document.
  document.addEventListener('click', (e) => {
    const wide = e.target.closest('[data-live-span]');
    if (wide && current) {
      current.span = Number(wide.dataset.liveSpan);
      pressed(current);
      plots(current);
      return;
    }
    const button = e.target.closest('[data-live="click"]');
    if (!button) return;
    const report = current && current.report;
    switch (button.id) {
      case 'download':
        if (report) window.ingestTool.download(fileName(), JSON.stringify(JSON.parse(report), null, 2) + '\n');
        break;
      case 'share':
      case 'compare':
        if (report) window.ingestHandover.go({kind: button.id, text: report});
        break;
      default:
        tell('do', '', 0, button.id);
    }
  });
  document.addEventListener('input', (e) => {
    if (!e.target.matches('[data-live="input"]')) return;
    tell('do', e.target.type === 'checkbox' ? String(e.target.checked) : e.target.value, 0, e.target.id);
  });
  document.addEventListener('toggle', (e) => {
    if (e.target.id === 'live-table' && current) {
      current.tabled = 0;
      table(current);
    }
  }, true);
})();
