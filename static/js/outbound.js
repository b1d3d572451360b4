'use strict';
// The check of the way out: tries each ingest port of this portal from this
// browser, and tells whether we answered, somebody else did, or nobody.
//
//   ingestOutbound.listen(fn)     fn(text): JSON of how the check stands, at each change
//   ingestOutbound.start(ports)   the ports that this page's policy lets through, as "1935,1936"
//
// {state, title, problem, host, tls, wait_ms, secure, relayed, other, ports: [{port, state, ms, ways, seen, status, why}]}
//
//   state      asking, running, done, refused (title and problem say why), lost, stale (this page is
//              older than the server)
//   secure     the page came over https, so that only TLS may be tried
//   relayed    a proxy says that it stood in between
//   other      the address that our ports see, where it is not the one that the page came from
//
// Of a port: ways is how it was tried, each {via: http, ws, https, wss, state, ms, seen, status};
// state is the best that these came to, and ms its time:
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
      if (check === current) listener(JSON.stringify(check));
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
      if (['blocked', 'refused', 'unclear'].includes(port.state) && here.length) port.state = tls ? 'tls' : 'reached';
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

  // go-app draws the page anew when it starts, so this listens on the document.
  document.addEventListener('click', (e) => {
    const button = e.target.closest('#outbound-start');
    if (button && button.getAttribute('aria-disabled') !== 'true') start(button.dataset.ports);
  });
})();
