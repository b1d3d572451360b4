'use strict';
// What the page of test streams draws beside the report: what an encoder needs to
// push, who connects, what is said, and the numbers and plots of how it arrives.
// static/js/live.js calls it with the session; the page's program has left empty
// boxes for it.
//
//   liveParts.draw(s)     brings all boxes up to date
//   liveParts.numbers(s)  numbers, plots and table, after a tick
//   liveParts.log(s)      what was said
//   liveParts.clear()     empties the boxes
//   liveParts.ticket(s)   who connected, as Markdown
//   liveParts.refusals(list)  offers the refusals of a platform
//
// s is {made, state, conns, entries, dropped, ticks, span, reveal, address}.
(() => {
  const ROWS = 500; // entries on the page
  const MASK = '••••••••••••••••';
  const el = (id) => document.getElementById(id);

  // ---------- elements ----------

  function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === true) node.setAttribute(name, '');
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
    }
    node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
    return node;
  }

  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('focusable', 'false');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    use.setAttribute('href', goappGetenv('ASSET_ICONS') + '#' + name);
    svg.append(use);
    return svg;
  }

  const panel = (id, title, head, ...body) => h('section', {id, class: 'panel', 'aria-labelledby': id + '-title'},
    h('div', {class: 'panel__head'}, h('h2', {id: id + '-title'}, title), head), h('div', {class: 'panel__body'}, body));
  const copy = (text, label) => h('button', {type: 'button', class: 'copy-btn', 'data-copy': text, 'aria-label': label, title: 'Copy'}, icon('copy'));
  const block = (id, label, text, copied, what) => h('div', {class: 'code-block code-block--wrap'},
    h('pre', {tabindex: '0', 'aria-labelledby': label}, h('code', {id}, text)), copy(copied, what));
  const pairs = (list, more) => h('dl', {class: 'kv small ' + (more || '')}, list.map(([k, v]) => [h('dt', {}, visible(k)), h('dd', {}, visible(v))]));

  // visible shows what prints nothing or turns the direction of writing.
  const visible = (text) => String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029\ufffd]/gu, (c) => '\\u{' + c.codePointAt(0).toString(16) + '}');

  // ---------- words ----------

  const fixed = (v, digits) => v.toLocaleString('en-GB', {minimumFractionDigits: digits, maximumFractionDigits: digits});
  const time = (ms) => (ms < 0 ? '–' : ms < 995 ? fixed(ms, 0) + ' ms' : ms < 99950 ? fixed(ms / 1000, 1) + ' s' : span(ms));
  const rate = (bps) => (bps >= 9.995e6 ? fixed(bps / 1e6, 1) + ' Mb/s' : fixed(bps / 1e3, 0) + ' kb/s');
  const size = (b) => (b < 0 ? 'not known' : b >= 1e6 ? fixed(b / 1e6, b >= 1e8 ? 0 : 1) + ' MB' : b >= 1e3 ? fixed(b / 1e3, 0) + ' kB' : fixed(b, 0) + ' B');
  const two = (n) => String(n).padStart(2, '0');

  // span writes milliseconds as 0:14 or 1:02:03, exact as 0:14.203.
  function span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    return s >= 3600 ? Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60) : Math.floor(s / 60) + ':' + two(s % 60);
  }
  const exact = (ms) => span(ms) + '.' + String(Math.floor(ms % 1000)).padStart(3, '0');

  const lag = (ms) => (Math.abs(ms) < 50 ? 'in time' : time(Math.abs(ms)) + (ms > 0 ? '' : ' early'));

  const put = (name, text) => {
    const node = document.querySelector('[data-live-text="' + name + '"]');
    if (node && node.textContent !== text) node.textContent = text;
  };

  // ---------- what an encoder needs ----------

  const wayName = (a) => a.scheme + ', port ' + a.port;
  const wayOf = (s) => s.made.push[s.address] || s.made.push[0] || {scheme: '', server: '', port: 0};

  function push(s) {
    const box = el('live-push');
    const waiting = s.state === 'waiting';
    const state = s.state === 'ended' ? '' : [s.made.id, waiting, s.reveal, s.address].join();
    if (!box || box.dataset.of === state) return;
    const was = box.querySelector(':focus')?.id;
    box.dataset.of = state;
    if (!state) {
      box.replaceChildren();
      return;
    }
    const way = wayOf(s);
    const body = h('div', {class: 'stack stack--tight live__push'},
      h('div', {class: 'field'}, h('label', {class: 'label', for: 'address'}, 'Connect by'),
        h('select', {id: 'address', class: 'select', 'data-live': 'own'}, s.made.push.map((a, i) => h('option', {value: i, selected: i === s.address}, wayName(a))))),
      h('div', {class: 'field'}, h('p', {class: 'label', id: 'server-label'}, 'Server'), block('server', 'server-label', way.server, way.server, 'Copy the server')),
      h('div', {class: 'field'}, h('p', {class: 'label', id: 'key-label'}, 'Stream key'), h('div', {class: 'live__key'},
        block('key', 'key-label', s.reveal ? s.made.key : MASK, s.made.key, 'Copy the stream key'),
        h('button', {type: 'button', id: 'show-key', class: 'btn btn--small', 'data-live': 'own', 'aria-pressed': s.reveal, 'aria-describedby': 'key-label'}, icon(s.reveal ? 'eye-off' : 'eye'), s.reveal ? 'Hide' : 'Show'))),
      way.scheme === 'rtmps' && s.made.own_certificate && h('p', {class: 'small muted'}, 'The certificate of this server is its own: an encoder that checks certificates refuses it. OBS does; FFmpeg and librtmp do not unless told to.'),
      h('p', {class: 'small muted'}, 'In OBS Studio: Settings, Stream, Service: Custom.'));
    box.replaceChildren(waiting ? panel('push', 'Put this into your encoder', null, body) :
      h('details', {id: 'push', class: 'details panel panel__body', open: Boolean(was)}, h('summary', {}, 'Server and stream key'), body));
    if (was && el(was)) el(was).focus();
  }

  function commands(s) {
    const box = el('live-commands');
    const state = s.state === 'waiting' ? [s.made.id, s.reveal, s.address].join() : '';
    if (!box || box.dataset.of === state) return;
    box.dataset.of = state;
    if (!state) {
      box.replaceChildren();
      return;
    }
    const way = wayOf(s);
    const list = [
      ['ffmpeg', 'FFmpeg, a test picture', (to) => 'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -re -f lavfi -i sine=frequency=440:sample_rate=48000' +
        ' -c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v 2500k -maxrate 2500k -bufsize 2500k -g 60 -c:a aac -b:a 128k -f flv ' + to],
      ['file', 'FFmpeg, your file', (to) => 'ffmpeg -re -i YOUR_FILE -c copy -f flv ' + to,
        'With -re it is sent as fast as it plays, as an encoder would; without, all at once. Copied as it is: H.264 and AAC, as a rule.'],
      ['gstreamer', 'GStreamer, a test picture', (to) => 'gst-launch-1.0 -e flvmux name=mux streamable=true ! rtmp2sink location=' + to + (way.scheme === 'rtmps' ? ' tls-validation-flags=0' : '') +
        ' videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! x264enc bitrate=2500 key-int-max=60 speed-preset=veryfast tune=zerolatency ! h264parse ! mux.' +
        ' audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! avenc_aac bitrate=128000 ! aacparse ! mux.'],
    ];
    box.replaceChildren(panel('commands', 'Or push from a terminal', null, h('div', {class: 'stack'}, list.map(([id, title, line, note]) =>
      h('div', {class: 'stack stack--tight'}, h('h3', {id: 'command-' + id + '-label'}, title),
        block('command-' + id, 'command-' + id + '-label', line(way.server + '/' + (s.reveal ? s.made.key : MASK)), line(way.server + '/' + s.made.key), 'Copy the command: ' + title),
        note && h('p', {class: 'small muted'}, note))))));
  }

  function refusals(list) {
    const box = el('live-refuse');
    const of = list.map((r) => r.code).join();
    if (!box || (box.dataset.of || '') === of) return;
    box.dataset.of = of;
    box.replaceChildren(...(list.length === 0 ? [] : [h('div', {class: 'field'}, h('label', {class: 'label', for: 'refuse'}, 'Refuse with'), h('select', {id: 'refuse', class: 'select'},
      h('option', {value: ''}, 'What the stream brings about'), list.map((r) => h('option', {value: r.code}, r.code + ': ' + r.title))))]));
  }

  // ---------- who connects ----------

  function facts(c) {
    const since = (ms) => (ms >= 0 ? time(ms) + ' after publish' : c.ended_ms >= 0 ? 'never' : 'not yet');
    return [
      ['From', c.address], ['To our port', c.port + (c.tls ? ', RTMP over ' + c.tls : ', RTMP, not encrypted')], ['Handshake', c.handshake],
      ['flashVer', c.flash_ver], ['Application', c.app], ['tcUrl', c.tc_url],
      ['First media', since(c.first_media_ms)], ['First key frame', since(c.first_key_ms)],
      ...(c.ended_ms >= 0 ? [['Lasted', time(c.ended_ms - c.began_ms)], ['Ended because', c.why || '']] : []),
    ].filter(([, v]) => v);
  }
  const clientName = (c) => visible(c.client || 'An encoder that does not say what it is');

  function who(s) {
    const box = el('live-who');
    if (!box) return;
    if (box.dataset.of !== s.made.id) {
      box.dataset.of = s.made.id;
      box.replaceChildren();
    }
    if (s.conns.size === 0) return;
    if (!box.firstChild) box.append(panel('connections', 'Who connects', h('span', {class: 'count', id: 'live-conn-count'})));
    const list = box.querySelector('.panel__body');
    el('live-conn-count').textContent = s.conns.size === 1 ? '1 connection' : s.conns.size + ' connections';
    for (const c of s.conns.values()) {
      const text = JSON.stringify(c);
      let node = list.querySelector('[data-conn="' + c.n + '"]');
      if (node && node.seen === text) continue;
      const state = c.ended_ms < 0 ? 'connected' : 'ended';
      if (!node) {
        node = h('article', {class: 'live-conn stack stack--tight', 'data-conn': c.n}, h('div', {}), h('div', {}), h('div', {}),
          ['connect, field by field', 'Enhanced RTMP', 'onMetaData'].map((title) => h('details', {class: 'details'}, h('summary', {}, title, h('span', {class: 'count'})), h('div', {}))));
        list.prepend(node); // the last one first
      }
      node.seen = text;
      node.dataset.state = state;
      const [head, values, changed, ...more] = node.children;
      head.className = 'cluster';
      head.replaceChildren(h('h3', {}, c.n + '. ' + clientName(c)), h('span', {class: 'sev sev--' + (c.ended_ms < 0 ? 'passed' : 'off')}, icon(c.ended_ms < 0 ? 'circle-check' : 'circle-minus'), state));
      values.replaceChildren(pairs(facts(c)));
      changed.hidden = !(c.changed && c.changed.length);
      if (!changed.hidden) {
        changed.replaceChildren(h('div', {class: 'callout callout--info', 'data-changed': true}, icon('refresh-cw'), h('div', {},
          h('p', {}, h('strong', {}, 'Changed against the connection before')), h('ul', {class: 'small'}, c.changed.map((t) => h('li', {}, visible(t)))))));
      }
      [c.fields, c.enhanced, c.metadata].forEach((fields, i) => {
        more[i].hidden = !(fields && fields.length);
        if (more[i].hidden) return;
        more[i].querySelector('.count').textContent = ' ' + fields.length;
        more[i].lastChild.replaceChildren(pairs(fields.map((f) => [f.name, f.value]), 'mono'));
      });
    }
  }

  // md keeps foreign text from becoming Markdown.
  const md = (text) => visible(text).replace(/[\\`*_[\]<>|~{}$#@&!]/g, (c) => '&#' + c.charCodeAt(0) + ';').replaceAll('://', '&#58;//');

  function ticket(s) {
    const lines = ['', '### Connections'];
    for (const c of s.conns.values()) {
      lines.push('', '**' + c.n + '. ' + md(clientName(c)) + '**', '');
      for (const [k, v] of facts(c)) lines.push('- ' + k + ': ' + md(v));
      for (const t of c.changed || []) lines.push('- Changed: ' + md(t));
    }
    return lines.join('\n') + '\n';
  }

  // ---------- what is said ----------

  const sides = {in: 'Encoder', out: 'Server', note: 'Note'};

  function row(e) {
    const li = h('li', {'data-dir': e.dir, 'data-level': e.level});
    const part = (tag, name, text) => li.append(h(tag, {class: name}, text), ' ');
    part('span', 'live-log__at num muted', exact(e.at_ms));
    part('span', 'live-log__who', sides[e.dir] || e.dir);
    part(e.dir === 'note' ? 'span' : 'code', 'live-log__name', visible(e.name));
    if (e.text) part('span', 'live-log__text', visible(e.text));
    return li;
  }

  function log(s) {
    const box = el('live-said');
    if (!box) return;
    const first = s.dropped, last = first + s.entries.length;
    const anew = s.rebuilt || box.dataset.of !== s.made.id || Number(box.dataset.to) < first;
    if (!anew && Number(box.dataset.to) === last) return;
    if (box.dataset.of !== s.made.id) box.replaceChildren();
    s.rebuilt = false;
    box.dataset.of = s.made.id;
    if (last === 0) {
      box.dataset.to = '0';
      return;
    }
    if (!box.firstChild) {
      box.append(panel('said', 'What was said', h('span', {class: 'count num', id: 'live-entry-count'}),
        h('div', {class: 'live-log', tabindex: '0', role: 'region', 'aria-label': 'Lines'}, h('ol', {id: 'live-entries', class: 'list-plain small'}))));
    }
    const list = el('live-entries'), frame = list.parentElement;
    const end = frame.scrollHeight - frame.scrollTop - frame.clientHeight < 24; // whoever reads further up stays there
    if (anew) list.replaceChildren(...s.entries.map(row));
    else list.append(...s.entries.slice(Number(box.dataset.to) - first).map(row));
    while (list.children.length > ROWS) list.firstChild.remove();
    box.dataset.to = String(last);
    el('live-entry-count').textContent = last === 1 ? '1 line' : last + ' lines' + (first > 0 ? ', the last ' + s.entries.length + ' shown' : '');
    if (end) frame.scrollTop = frame.scrollHeight;
  }

  // ---------- how it arrives ----------

  const figures = [
    ['lag', 'Arrival lag'], ['jitter', 'Jitter'], ['idle', 'Idle'], ['video', 'Video'], ['audio', 'Audio'], ['fps', 'Frame rate'], ['media', 'Media time'], ['bytes', 'Received'],
    ['first', 'First key frame'], ['key', 'Since key frame'], ['unacked', 'Unacknow\u00adledged'], ['window', 'Window'], ['queue', 'Receive queue'], ['rtt', 'Round trip'], ['for', 'Connected'],
  ];
  const drawings = [
    ['lag', 'Arrival against media time', 'How far the stream is behind its own clock: flat is good, rising is a stall, falling is a burst.', []],
    ['rate', 'Bitrate as it arrives', 'Over the last second.', [['video', 'steps', 'video'], ['audio', 'steps', 'audio']]],
    ['frames', 'Frame rate as it arrives', 'Frames of the last second, beside what is declared.', [['video', 'steps', 'arrived'], ['accent', 'thin', 'declared']]],
    ['jitter', 'Jitter and idle time', 'How unevenly it comes, and how long nothing came.', [['accent', 'line', 'jitter'], ['audio', 'thin', 'idle']]],
  ];

  function now(s) {
    const box = el('live-now');
    if (!box || box.dataset.of === s.made.id || s.conns.size === 0) return;
    box.dataset.of = s.made.id;
    const wide = (id, ms, text) => h('button', {type: 'button', id, class: 'btn btn--small', 'data-live': 'own', 'data-live-span': ms, 'aria-pressed': s.span === ms}, text);
    box.replaceChildren(panel('now', 'How it arrives', h('div', {class: 'toolbar', role: 'group', 'aria-label': 'How much the plots show'}, wide('live-minute', 60000, 'Last minute'), wide('live-all', 0, 'All')),
      h('dl', {id: 'live-numbers', class: 'live-numbers num', 'data-tick': '0'}, figures.map(([id, name]) => h('div', {}, h('dt', {}, name), h('dd', {'data-live-text': id}, '–')))),
      drawings.map(([id, title, hint, legend]) => h('div', {class: 'plot'},
        h('div', {class: 'plot__head'}, h('h3', {id: 'live-' + id + '-title'}, title), legend.map(([role, style, text]) => h('span', {class: 'legend legend--' + role + ' legend--' + style}, text))),
        h('p', {class: 'plot__hint small muted'}, hint),
        h('div', {id: 'live-plot-' + id, class: 'plot__canvas', role: 'group', tabindex: '0', 'aria-roledescription': 'plot', 'aria-labelledby': 'live-' + id + '-title'}))),
      h('details', {id: 'live-table', class: 'details small'}, h('summary', {}, 'As a table'), h('div', {class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': 'How it arrives, as a table'}))));
  }

  function numbers(s) {
    const box = el('live-numbers');
    const t = s.ticks.at(-1);
    if (!box || !t) return;
    s.news = false;
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
    box.dataset.tick = String(Number(box.dataset.tick) + 1);
    plots(s);
    table(s);
  }

  // columns are the ticks as plots want them, with a gap between connections.
  function columns(s) {
    let list = s.ticks;
    const start = list[0].at_ms, last = list.at(-1).at_ms;
    if (s.span > 0) list = list.filter((t) => t.at_ms >= last - s.span);
    const step = Math.ceil(list.length / 600);
    const out = {x: [], lag: [], video: [], audio: [], fps: [], declared: [], jitter: [], idle: []};
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
    for (const b of document.querySelectorAll('[data-live-span]')) b.setAttribute('aria-pressed', String(Number(b.dataset.liveSpan) === s.span));
    if (!window.ingestPlots || s.ticks.length < 2) return;
    const c = columns(s);
    const line = (label, role, style, values) => ({label, role, style, points: false, values});
    const one = (id, yUnit, yKeep, series) => ingestPlots.draw(el('live-plot-' + id),
      {id: 'live-' + id, file: s.made.id, group: 'live', xUnit: 'at', yUnit, selected: '', x: c.x, series, yKeep, limits: [], markers: []});
    one('lag', 'ms', [-200, 200], [line('behind its clock', 'accent', 'line', c.lag)]);
    one('rate', 'kbps', [0], [line('video', 'video', 'steps', c.video), line('audio', 'audio', 'steps', c.audio)]);
    one('frames', 'fps', [0], [line('arrived', 'video', 'steps', c.fps), line('declared', 'accent', 'thin', c.declared)]);
    one('jitter', 'ms', [0, 100], [line('jitter', 'accent', 'line', c.jitter), line('idle', 'audio', 'thin', c.idle)]);
  }

  // table says the same as the plots, where somebody has opened it, once a second.
  function table(s) {
    const box = el('live-table');
    const at = Date.now();
    if (!box || !box.open || s.ticks.length === 0 || at - (s.tabled || 0) < 1000 && s.state !== 'ended') return;
    s.tabled = at;
    const start = s.ticks[0].at_ms, count = Math.min(20, s.ticks.length);
    const rows = Array.from({length: count}, (_, i) => {
      const t = s.ticks[Math.floor((i + 1) * s.ticks.length / count) - 1];
      return [span(t.at_ms - start), lag(t.lag_ms), rate(t.video_bps), rate(t.audio_bps), fixed(t.fps, 1) + ' fps', time(t.jitter_ms), time(t.idle_ms)];
    });
    box.querySelector('.table-wrap').replaceChildren(h('table', {class: 'table table--dense'},
      h('thead', {}, h('tr', {}, ['At', 'Arrival lag', 'Video', 'Audio', 'Frame rate', 'Jitter', 'Idle'].map((t, i) => h('th', {scope: 'col', class: i && 'num'}, t)))),
      h('tbody', {}, rows.map((r) => h('tr', {}, r.map((v, i) => i ? h('td', {class: 'num'}, v) : h('th', {scope: 'row', class: 'num'}, v)))))));
  }

  // ---------- all of it ----------

  function draw(s) {
    push(s);
    commands(s);
    who(s);
    log(s);
    now(s);
    if (s.state === 'ended') {
      const button = el('copy-ticket');
      if (button && !button.dataset.whole && s.conns.size > 0) {
        button.dataset.whole = 'true';
        button.dataset.copy += ticket(s);
      }
    }
  }

  function clear() {
    for (const id of ['live-push', 'live-commands', 'live-who', 'live-said', 'live-now']) {
      const box = el(id);
      if (!box) continue;
      box.replaceChildren();
      delete box.dataset.of;
    }
  }

  document.addEventListener('toggle', (e) => {
    if (e.target.id === 'live-table' && window.ingestLive) window.ingestLive.redraw();
  }, true);

  window.liveParts = {draw, numbers, log, clear, ticket, refusals, put, span};
})();
