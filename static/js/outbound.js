'use strict';
// The check of the way out: tries each ingest port of this portal from this
// browser, and tells whether we answered, somebody else did, or nobody.
//
//   ingestOutbound.listen(fn)     fn(text): JSON of how the check stands, at each change
//   ingestOutbound.start(ports)   the ports that this page's policy lets through, as "1935,1936"
//
// {state, title, problem, host, tls, wait_ms, secure, relayed, other, ports: [{port, state, ms, detail, ways, seen, status, why}]}
//
//   state      asking, running, done, refused (title and problem say why), lost, stale (this page is
//              older than the server)
//   secure     the page came over https, so that only TLS may be tried
//   relayed    a proxy says that it stood in between
//   other      the address that our ports see, where it is not the one that the page came from
//
// Of a port: ways is how it was tried, each {via: http, ws, https, wss, state, ms, seen, status};
// state is the best that these came to, ms its time, and detail says it in a sentence:
//
//   waiting, running
//   open         we answered
//   intercepted  somebody else did: status (0: the browser does not say) and seen say what
//   blocked      nobody, until the time was up
//   refused      the connection ended at once, and it was a plain one
//   unclear      it ended at once, and TLS was part of it: the browser does not say which it was
//   tls          it reached us, but TLS failed; why: untrusted, no-certificate, version, broken
//   reached      it reached us, and no answer came back
//   barred       browsers do not use this port at all
//   notls        only TLS may be tried, and our ports take none
(() => {
  const api = '/api/v1/outbound';
  const SEEN = 200; // characters of a stranger's answer that are shown

  let listener = () => {};
  let current = null;
  let blocked = []; // addresses that the page's policy has blocked: where a redirect led elsewhere

  document.addEventListener('securitypolicyviolation', (e) => blocked.push(e.blockedURI));

  window.ingestOutbound = {listen: (fn) => { listener = fn; }, start};

  async function start(ports) {
    const check = current = {state: 'asking', secure: location.protocol === 'https:', ports: []};
    const tell = () => {
      if (check !== current) return;
      for (const p of check.ports) p.detail = detail(check, p);
      listener(JSON.stringify(check));
      requestAnimationFrame(() => {
        if (check === current) next(check);
      });
    };
    const end = (state, title = '', problem = '') => {
      Object.assign(check, {state, title, problem});
      tell();
    };
    tell();
    let plan;
    try {
      const response = await fetch(api, {method: 'POST', cache: 'no-store'});
      const text = await response.text();
      if (!response.ok) {
        let problem = {title: 'This server did not begin the check', detail: 'It answered with the number ' + response.status + '.'};
        try {
          problem = JSON.parse(text);
        } catch {
          // a proxy's page
        }
        end('refused', problem.title, problem.detail);
        return;
      }
      plan = JSON.parse(text);
    } catch {
      end('lost');
      return;
    }
    if (plan.ports.map((p) => p.port).join() !== ports) {
      end('stale');
      return;
    }
    const vias = check.secure ? [] : ['http', 'ws'];
    if (plan.tls && (check.secure || plan.tls === 'files')) vias.push('https', 'wss');
    Object.assign(check, {state: 'running', host: plan.host, tls: plan.tls, wait_ms: plan.wait_ms, relayed: false, other: ''});
    check.ports = plan.ports.map((p) => ({port: p.port, state: p.barred ? 'barred' : vias.length ? 'running' : 'notls', ms: 0, ways: []}));
    tell();
    await Promise.all(plan.ports.flatMap((p, i) => (p.barred ? [] : vias).map(async (via) => {
      const host = plan.host.includes(':') ? '[' + plan.host + ']' : plan.host;
      const way = {via, ms: 0, seen: '', status: 0, reply: null};
      const began = performance.now();
      const address = via + '://' + host + ':' + p.port + plan.path;
      const how = via.startsWith('ws') ? overWebSocket : overFetch;
      way.state = await how(address, p.answer, way, plan.wait_ms);
      way.ms = performance.now() - began;
      if (way.state === 'ended') way.state = via.endsWith('s') && via !== 'ws' ? 'unclear' : 'refused';
      if (way.reply) {
        check.relayed ||= !!way.reply.relayed;
        if (sameFamily(way.reply.address, plan.address) && way.reply.address !== plan.address) check.other = way.reply.address;
      }
      delete way.reply;
      check.ports[i].ways.push(way);
      sum(check.ports[i], vias.length);
      tell();
    })));
    if (check.ports.some((p) => ['blocked', 'refused', 'unclear'].includes(p.state) || p.ways.some((w) => w.state === 'unclear'))) await ask(check);
    // A connection that the browser has just given up is told once our side sees its end.
    for (let i = 0; i < 4 && check.ports.some((p) => p.state === 'blocked'); i++) {
      await new Promise((r) => setTimeout(r, 250));
      await ask(check);
    }
    check.state = 'done';
    tell();
  }

  const sameFamily = (a, b) => a && b && a.includes(':') === b.includes(':');

  // sum makes one of what several ways came to.
  function sum(port, of) {
    for (const state of ['open', 'intercepted', 'refused', 'unclear', 'blocked']) {
      const way = port.ways.filter((w) => w.state === state).sort((a, b) => a.ms - b.ms)[0];
      if (!way) continue;
      if (state !== 'open' && port.ways.length < of) return; // a better one may come
      Object.assign(port, {state, ms: way.ms, seen: way.seen, status: way.status});
      return;
    }
  }

  // ask finds out from our side what a browser does not say: whether the
  // connection arrived. Only what did arrive counts, for a proxy may change the
  // address that it came from.
  async function ask(check) {
    let arrived;
    try {
      const response = await fetch(api + '/arrived', {cache: 'no-store'});
      arrived = (await response.json()).arrived;
    } catch {
      return;
    }
    for (const port of check.ports) {
      const here = arrived.filter((a) => a.port === port.port);
      const tls = here.find((a) => a.kind === 'tls-failed');
      if (tls) port.why = tls.reason;
      if (!['blocked', 'refused', 'unclear'].includes(port.state) || !here.length) continue;
      // One that broke off because the browser had waited long enough says nothing of TLS.
      port.state = tls && !(port.state === 'blocked' && tls.reason === 'broken') ? 'tls' : 'reached';
    }
  }

  async function overFetch(address, answer, way, wait) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), wait);
    const options = {cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer', signal: stop.signal};
    blocked = blocked.filter((b) => !address.startsWith(b));
    try {
      const response = await fetch(address, {...options, redirect: 'manual'});
      way.status = response.status;
      if (response.type === 'opaqueredirect') {
        way.seen = 'a redirect to another address';
        return 'intercepted';
      }
      return judge(await beginning(response), answer, way);
    } catch {
      if (stop.signal.aborted) return 'blocked';
    } finally {
      clearTimeout(timer);
    }
    // Whoever answers in our stead does not allow this page to read it. That it
    // answers at all shows when nobody wants to read it.
    const again = setTimeout(() => stop.abort(), wait);
    try {
      way.status = 0;
      await fetch(address, {...options, mode: 'no-cors'});
      way.seen = '';
      return 'intercepted';
    } catch {
      if (stop.signal.aborted) return 'blocked';
      await new Promise((r) => setTimeout(r, 50)); // the policy's complaint comes after the failure
      if (blocked.some((b) => b && address.startsWith(b))) {
        way.seen = 'a redirect to another address';
        return 'intercepted';
      }
      return 'ended';
    } finally {
      clearTimeout(again);
    }
  }

  // beginning reads what matters of an answer, however long it is.
  async function beginning(response) {
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (reader && text.length < 4096) {
      const {done, value} = await reader.read();
      if (done) break;
      text += decoder.decode(value, {stream: true});
    }
    reader?.cancel().catch(() => {});
    return text;
  }

  function judge(text, answer, way) {
    try {
      const reply = JSON.parse(text);
      if (reply.answer === answer) {
        way.reply = reply;
        return 'open';
      }
    } catch {
      // not ours
    }
    const title = /<title[^>]*>([^<]*)/i.exec(text);
    way.seen = (title ? title[1] : text).replace(/\s+/g, ' ').trim().slice(0, SEEN);
    return 'intercepted';
  }

  function overWebSocket(address, answer, way, wait) {
    return new Promise((resolve) => {
      let socket, opened = false;
      const timer = setTimeout(() => end(opened ? 'intercepted' : 'blocked'), wait);
      const end = (state) => {
        clearTimeout(timer);
        resolve(state);
        socket?.close();
      };
      try {
        socket = new WebSocket(address);
      } catch {
        end('ended');
        return;
      }
      socket.onopen = () => { opened = true; };
      socket.onmessage = (e) => end(judge(String(e.data), answer, way));
      socket.onclose = () => end(opened ? 'intercepted' : 'ended');
    });
  }

  // ---- in words ----

  const VIAS = [['http', 'HTTP'], ['ws', 'WebSocket'], ['https', 'HTTPS'], ['wss', 'secure WebSocket']];

  function tlsWhy(check, why) {
    switch (why) {
      case 'untrusted':
        return 'This browser does not trust our certificate' + (check.tls === 'self-signed' ? ': it is a self-signed one, for trying out. That says nothing about your network.' : '.');
      case 'version':
        return 'The two ends have no TLS version in common.';
      case 'no-certificate':
        return 'Our ports have no certificate.';
    }
    return 'The TLS handshake broke off.';
  }

  // detail says what was seen of a port.
  function detail(check, p) {
    const via = (state) => VIAS.filter(([v]) => p.ways.some((w) => w.via === v && w.state === state)).map(([, name]) => name).join(', ');
    switch (p.state) {
      case 'open': {
        let text = 'We answered: ' + via('open') + '.';
        if (via('intercepted')) text += ' Over ' + via('intercepted') + ' somebody else did: a proxy is in the way.';
        for (const state of ['blocked', 'refused', 'unclear']) {
          if (via(state)) text += ' Not through: ' + via(state) + '.';
        }
        return via('unclear') && check.state === 'done' ? text + ' ' + tlsWhy(check, p.why) : text;
      }
      case 'intercepted': {
        const seen = [p.status ? 'status ' + p.status : '', p.seen ? '“' + p.seen + '”' : ''].filter(Boolean).join(', ');
        return 'Something answered, and it is not us. ' + (seen ? 'Expected: an answer that only this server can make. Seen: ' + seen + '.'
          : 'The browser does not show what it said: as a rule a captive portal’s or a proxy’s page.');
      }
      case 'blocked': return 'No answer within ' + check.wait_ms / 1000 + ' s.';
      case 'refused': return 'The connection ended at once, without an answer.';
      case 'unclear': return 'It ended at once. Either the connection was refused or the encryption failed; the browser does not say which.';
      case 'tls': return 'Your connection reached us. ' + tlsWhy(check, p.why);
      case 'reached': return 'Your connection reached us, and our answer did not come back.';
      case 'barred': return 'Browsers use this port for no web traffic. Take the command.';
      case 'notls': return 'From this page only encrypted connections may be tried, and this port takes none.';
    }
    return '';
  }

  // ---- what to do now ----

  const ADVICE = [
    ['blocked', '<strong>Blocked</strong>: packets vanish on the way, as a rule in a firewall. An encoder shows <a href="/codes/obs-studio/ETIMEDOUT-WSAETIMEDOUT-10060">a time-out in OBS</a>, <a href="/codes/ffmpeg/ETIMEDOUT">in FFmpeg</a>. Ask for the port with the text below; to compare, try a phone’s hotspot. <a href="/rules/probe-tcp-timeout">No answer</a>'],
    ['refused', '<strong>Refused</strong>: a firewall turned the connection away, or something that is no web server took it. An encoder shows <a href="/codes/ffmpeg/ECONNREFUSED">connection refused</a>. Ask for the port with the text below. <a href="/rules/probe-tcp-refused">Refused</a>'],
    ['intercepted', '<strong>Intercepted</strong>: a captive portal, a web proxy or a filter answers in our stead. If the network wants you to sign in, do that and test again; else ask that these ports bypass the proxy: it does not carry RTMP. <a href="/rules/probe-not-rtmp">Something else answers</a>'],
    ['unclear', '<strong>No connection</strong>: open the port in a new tab. The browser’s own page then names what failed: a refused connection, or a certificate.'],
    ['tls', '<strong>Open, TLS fails</strong>: the port is not blocked. Where our certificate is in order, a company’s inspection puts in its own, and an encoder refuses that. <a href="/rules/probe-tls">TLS</a>'],
    ['reached', '<strong>No way back</strong>: something on the way takes the connection and holds our answer back, such as a filter that does not know the traffic.'],
    ['open', '<strong>Open</strong>: the port is not what stops your encoder. A firewall that looks inside may still pass web traffic and stop RTMP: <a href="/live">push a test stream</a> to see.'],
    ['relayed', 'A proxy passed our answer on. An encoder does not use the browser’s proxy: try the command as well.'],
    ['other', 'Our ports see you at another address than this page does: a proxy or a VPN stands in between, and an encoder may go another way.'],
  ];
  const SHUT = ['blocked', 'refused', 'intercepted', 'unclear', 'reached'];
  const plain = (host) => !!host && /^[a-z0-9][a-z0-9._-]*$/i.test(host);

  const make = (tag, attributes, ...children) => {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.append(...children);
    return e;
  };

  // icon is one of the sheet that the page uses.
  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', document.querySelector('#outbound-start use').getAttribute('href').split('#')[0] + '#' + name);
    svg.append(use);
    return svg;
  }

  // block is a text to copy.
  function block(id, title, note, text) {
    const label = make('p', {id: 'outbound-' + id + '-label', class: 'small'}, make('strong', {}, title), ' ', make('span', {class: 'muted'}, note));
    return make('div', {class: 'reach__command'}, label, make('div', {class: 'code-block code-block--wrap'},
      make('pre', {tabindex: '0', 'aria-labelledby': label.id}, make('code', {id: 'outbound-' + id}, text)),
      make('button', {type: 'button', class: 'copy-btn', 'data-copy': text, 'aria-label': 'Copy: ' + title + ' ' + note, title: 'Copy'}, icon('copy'))));
  }

  // next fills in what to do: nothing until the check is done.
  function next(check) {
    const place = document.getElementById('outbound-next');
    if (!place) return;
    place.replaceChildren();
    if (check.state !== 'done') return;
    const list = document.getElementById('outbound-ports');
    const states = new Set(check.ports.map((p) => p.state));
    if (check.relayed) states.add('relayed');
    if (check.other) states.add('other');
    const advice = make('ul', {class: 'small outbound__advice'});
    for (const [state, html] of ADVICE) {
      if (!states.has(state)) continue;
      const item = make('li', {});
      item.innerHTML = html; // of ours, word for word
      advice.append(item);
    }
    if (advice.children.length) place.append(advice);
    const shut = check.ports.filter((p) => SHUT.includes(p.state)).map((p) => p.port).join(', ');
    if (shut) {
      const to = plain(list.dataset.to) ? list.dataset.to : 'our platform’s ingest host';
      place.append(block('request', 'What to ask your network’s administrator', '',
        'Please allow outgoing TCP connections from our encoder to ' + to + ', port ' + shut + '. ' +
        'They go from inside to outside and stay up for the whole show; nothing has to be opened inwards. ' +
        'The traffic is RTMP or RTMPS, not web traffic: please send it through no web proxy and do not break its TLS open.'));
    }
    if (plain(check.host)) {
      const ports = check.ports.map((p) => p.port);
      const loop = (wait) => 'for p in ' + ports.join(' ') + '; do nc -vz ' + wait + ' 5 ' + check.host + ' $p; done';
      const title = 'The same ports from a terminal';
      place.append(block('nc', title, 'Linux', loop('-w')), block('nc-mac', title, 'macOS', loop('-G')),
        block('tnc', title, 'Windows, PowerShell', ports.join(', ') + ' | ForEach-Object { Test-NetConnection ' + check.host +
          ' -Port $_ -WarningAction SilentlyContinue } | Select-Object RemotePort, TcpTestSucceeded'));
    }
    place.append(make('div', {class: 'toolbar'},
      make('button', {type: 'button', id: 'outbound-copy', class: 'btn btn--small', 'data-copy': ' ', 'data-copy-done': 'Copied as Markdown'}, icon('clipboard'), 'Copy for a ticket'),
      make('a', {class: 'small', href: '/guides/ports-and-firewalls'}, 'Ports and firewalls')));
  }

  // site.js copies what the button holds: it is put there in time.
  document.addEventListener('click', (e) => {
    const button = e.target.closest('#outbound-copy');
    if (button) button.dataset.copy = document.getElementById('outbound-ports').dataset.ticket;
  }, true);
  // go-app draws the page anew when it starts, so this listens on the document.
  document.addEventListener('click', (e) => {
    const button = e.target.closest('#outbound-start');
    if (button && button.getAttribute('aria-disabled') !== 'true') start(button.dataset.ports);
  });
})();
