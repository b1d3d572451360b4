'use strict';
// The page of a shared diagnosis: the customer's steps, the owner's results, or
// what a reader may see. Which it is, the link says.
(() => {
  const d = ingestDiagnosis;
  const v = shareView;
  const {h, icon, date, button, copy, callout} = v;
  const root = document.getElementById('diagnosis');
  document.title = 'Shared diagnosis · Ingest Doctor';

  let session = null;
  let link = null;
  let brief = null;

  const settle = (state, role, ...content) => {
    root.dataset.state = state;
    root.dataset.role = role;
    root.removeAttribute('aria-busy');
    root.replaceChildren(...content.flat().filter(Boolean));
  };
  const title = (text, lede) => h('div', {class: 'page-head'}, h('h1', {id: 'diagnosis-title', tabindex: '-1'}, text), lede ? h('p', {class: 'lede'}, lede) : null);
  const panel = (id, heading, extra, ...body) => h('section', {class: 'panel', id, 'aria-labelledby': id + '-title'},
    h('div', {class: 'panel__head'}, h('h2', {id: id + '-title'}, heading), extra), h('div', {class: 'panel__body'}, ...body));
  const mendedNote = () => link.mended ? h('div', {id: 'mended', role: 'status'}, callout('warning', 'triangle-alert', h('p', {}, d.words.mended))) : null;
  const when = (iso) => date(iso, brief && brief.lang);

  // ---- what cannot be opened ----

  const headings = {
    'no-key': 'The link is not complete', 'cut': 'The link was cut short', 'changed': 'The link was changed on the way', 'no-link': 'This is no link of a diagnosis',
    'damaged': 'What is there is damaged', 'newer': 'This page is too old', 'not-found': 'This diagnosis cannot be opened', 'offline': 'The server cannot be reached',
    'quota': 'Too many attempts', 'insecure': 'This page is not encrypted', 'unavailable': 'The server cannot answer just now',
  };

  function refuse(err) {
    if (!err.code) console.error(err);
    const code = err.code || 'failed';
    const about = /^(no-key|cut|changed|no-link|not-found)$/.test(code);
    const field = h('input', {class: 'input mono', id: 'paste', type: 'text', autocomplete: 'off', spellcheck: 'false'});
    const wrong = h('div', {id: 'paste-problem', role: 'alert'});
    settle('failed', '', title(headings[code] || 'Something went wrong'),
      h('div', {class: 'article', role: 'alert', 'data-code': code}, v.problem(err),
        h('p', {class: 'toolbar'}, code === 'offline' || code === 'unavailable' || code === 'quota' || code === 'newer' || code === 'failed' ?
          button('Try again', {class: 'btn btn--primary', onclick: () => location.reload()}, 'rotate-ccw') : null)),
      about ? h('form', {class: 'article', onsubmit: async (e) => {
        e.preventDefault();
        wrong.replaceChildren();
        try {
          await begin(await d.readLink(field.value));
        } catch (error) {
          wrong.replaceChildren(v.problem(error));
        }
      }}, h('p', {class: 'field'}, h('label', {class: 'label', for: 'paste'}, 'Paste the whole link here'), field, h('span', {class: 'hint'}, 'It stays in this browser.')),
      wrong, h('p', {class: 'toolbar'}, h('button', {class: 'btn', type: 'submit'}, 'Open it'))) : null);
  }

  async function begin(from) {
    const opened = await d.open(from);
    link = from;
    session = opened;
    if (location.pathname !== '/d/' + link.id) history.replaceState(null, '', '/d/' + link.id);
    brief = v.readBrief(session.text);
    if (session.item.kind === 'report') return report();
    if (session.role === 'customer') return customer();
    return results(session.role === 'owner');
  }

  // ---- one result on its own ----

  function report() {
    const body = v.readBody(session.text);
    settle('done', session.role, title('A shared result', 'Shared ' + when(session.item.created_at) + '; readable until ' + when(session.item.expires_at) + '.'),
      mendedNote(),
      body.message ? callout('info', 'info', h('p', {class: 'share-note'}, body.message)) : null,
      body.parts.length ? h('div', {class: 'stack'}, body.parts.map((p) => v.part(p, brief.lang))) : v.problem(new d.DiagnosisError('damaged')),
      session.role === 'owner' ? h('p', {class: 'toolbar'}, removal('Delete this shared result')) : null);
  }

  // ---- the customer ----

  function customer() {
    const mine = (d.kept(link.id) || {}).extra || {};
    if (mine.role !== 'owner') {
      mine.role = 'customer';
      mine.expires = session.item.expires_at;
    }
    mine.parts = mine.parts || {};
    mine.sent = mine.sent || [];
    mine.skipped = mine.skipped || [];
    const keeps = () => d.keep(link, mine);
    const kept = keeps();
    const closed = Boolean(session.item.closed_at);
    const steps = brief.checks;
    const done = steps.filter((c) => mine.parts[c]);
    const open = steps.filter((c) => !mine.parts[c] && !mine.skipped.includes(c));
    const current = open[0];

    const start = (check, n) => {
      const address = new URL(v.checks[check].path, location.origin);
      if (brief.profile) address.searchParams.set('profile', brief.profile);
      if (check === 'reach' && brief.host) address.searchParams.set('host', brief.host);
      try {
        sessionStorage.setItem('ingestdoctor.step', JSON.stringify({id: link.id, check, path: v.checks[check].path, n, of: steps.length, title: v.checks[check].title.replace(/^./, (c) => c.toLowerCase())}));
      } catch { /* the tool works without its bar */ }
      location.assign(address);
    };

    const step = (check, i) => {
      const c = v.checks[check];
      const p = mine.parts[check];
      const now = check === current && !closed;
      const skipped = mine.skipped.includes(check) && !p;
      return h('li', {class: 'share-step', 'data-step': check, 'data-state': p ? 'done' : skipped ? 'skipped' : now ? 'now' : 'later', 'aria-current': now ? 'step' : null},
        h('h3', {}, h('span', {class: 'share-step__n num'}, String(i + 1)), icon(c.icon), c.title,
          p ? h('span', {class: 'tag'}, 'done') : skipped ? h('span', {class: 'tag'}, 'skipped') : null),
        p ? [h('p', {}, v.badge(p.severity), ' ', p.headline), closed ? null : h('p', {class: 'toolbar'},
          button('Check again', {onclick: () => start(check, i + 1)}, 'rotate-ccw'),
          button('Take it out', {'aria-label': 'Take it out: ' + c.short, onclick: () => { delete mine.parts[check]; keeps(); customer(); }}, 'x'))] : null,
        now ? [h('p', {}, c.doing), h('p', {class: 'toolbar'},
          h('button', {type: 'button', class: 'btn btn--primary', 'data-start': check, onclick: () => start(check, i + 1)}, 'Start this step', icon('arrow-right')),
          button('Skip it', {onclick: () => { mine.skipped.push(check); keeps(); customer(); focusTitle(); }}))] : null,
        skipped && !closed ? h('p', {class: 'toolbar'}, button('Do it after all', {onclick: () => { mine.skipped = mine.skipped.filter((s) => s !== check); keeps(); customer(); }})) : null);
    };

    settle(closed ? 'closed' : 'done', 'customer',
      title('Checks for ' + (brief.platform || 'your stream'), closed ? 'Support has closed this diagnosis; it takes no more results.' : 'Your support asks for ' + (steps.length === 1 ? 'one check' : steps.length + ' checks') + '. You can leave and come back in this browser until ' + when(session.item.expires_at) + '.'),
      mendedNote(),
      kept ? null : callout('warning', 'triangle-alert', h('p', {}, 'This browser keeps nothing between pages (a private window?). Open the link in an ordinary window, so that your results can be collected.')),
      h('div', {class: 'share-grid'},
        h('div', {class: 'stack'},
          brief.note ? panel('note-panel', 'From your support', null, h('p', {class: 'share-note'}, brief.note)) : null,
          panel('steps', 'The steps', h('span', {class: 'count'}, done.length + ' of ' + steps.length + ' done'), h('ol', {class: 'list-plain share-steps'}, steps.map(step))),
          sending(mine, keeps, closed)),
        h('div', {class: 'stack'},
          v.expected(brief) ? panel('expected', 'What support expects', null, v.expected(brief)) : null,
          panel('privacy', 'What happens with it', null, h('ul', {class: 'stack stack--tight'},
            h('li', {}, 'The checks run in your browser. Only the test of reachability asks our server to connect.'),
            h('li', {}, 'Stream keys and passwords are masked in every result.'),
            h('li', {}, 'You see exactly what is sent before you send it. It is encrypted in your browser: only who has the link can read it, this server cannot.')),
          h('p', {class: 'toolbar'}, button('Forget my results in this browser', {onclick: () => { d.forget(link.id); settle('done', 'customer', title('Forgotten', 'Your results are no longer in this browser. What was sent is still with support. Open the link again to start anew.')); }}, 'x'))))));
  }

  function sending(mine, keeps, closed) {
    const parts = brief.checks.map((c) => mine.parts[c]).filter(Boolean);
    const sent = mine.sent.length ? h('div', {id: 'sent', role: 'status'}, mine.sent.map((s) => callout('passed', 'circle-check', h('p', {}, 'Sent to support ' + when(s.created_at) + '.')))) : null;
    if (closed || parts.length === 0) {
      return panel('send-panel', 'Send to support', null, sent, closed ? null : h('p', {class: 'muted'}, mine.sent.length ? 'After another check you can send again.' : 'When a step is done, its result can be sent here.'), mine.sent.length ? own(mine) : null);
    }
    const madeAt = new Date().toISOString();
    let exact = '';
    const pre = h('pre', {tabindex: '0', id: 'exact'});
    const size = h('span', {class: 'num'});
    const message = h('textarea', {class: 'input', id: 'message', rows: '3', maxlength: '4000'});
    message.value = mine.message || '';
    const draw = () => {
      exact = JSON.stringify({v: 1, made_at: madeAt, message: message.value, parts}, null, 2);
      pre.textContent = exact;
      size.textContent = Math.ceil(new TextEncoder().encode(exact).length / 1000) + ' kB';
    };
    draw();
    message.addEventListener('input', () => {
      mine.message = message.value;
      draw();
    });
    message.addEventListener('change', keeps);
    const trouble = h('div', {role: 'alert', id: 'send-problem'});
    let ready = null; // the same encrypted result is sent again after a failure, never a second one
    let of = '';
    const send = h('button', {type: 'button', class: 'btn btn--primary', id: 'send', onclick: async () => {
      trouble.replaceChildren();
      send.disabled = true;
      send.textContent = 'Encrypting and sending';
      try {
        if (!ready || of !== exact) {
          of = exact;
          ready = await session.draft(exact);
        }
        const receipt = await ready.send();
        mine.sent.push({id: receipt.id, seq: receipt.seq, created_at: receipt.created_at});
        mine.last = parts;
        mine.parts = {};
        mine.skipped = [...brief.checks];
        mine.message = '';
        keeps();
        customer();
        document.getElementById('send-panel').scrollIntoView({block: 'nearest'});
        document.getElementById('send-panel-title').setAttribute('tabindex', '-1');
        document.getElementById('send-panel-title').focus({preventScroll: true});
      } catch (err) {
        if (!err.code) console.error(err);
        trouble.replaceChildren(v.problem(err), h('p', {class: 'small'}, 'Your results are still here. You can also ', h('button', {type: 'button', class: 'linklike', onclick: () => v.save('for-support.json', exact)}, 'save them as a file'), ' and send it by mail.'));
        send.disabled = false;
        send.textContent = 'Try again';
      }
    }}, 'Send to support');
    return panel('send-panel', 'Send to support', h('span', {class: 'count'}, parts.length === 1 ? '1 result' : parts.length + ' results'), sent,
      h('ul', {class: 'list-plain stack stack--tight'}, parts.map((p) => h('li', {}, v.badge(p.severity), ' ', v.checks[p.check].short + ': ' + p.headline))),
      h('p', {class: 'field'}, h('label', {class: 'label', for: 'message'}, 'A word to support ', h('span', {class: 'muted'}, '(optional)')), message),
      h('details', {class: 'details', id: 'exact-details', open: true}, h('summary', {}, 'Exactly this is sent, encrypted: ', size), h('div', {class: 'code-block code-block--wrap share-exact'}, pre)),
      trouble, h('p', {class: 'toolbar'}, send));
  }

  // own is what the customer keeps of what was sent.
  function own(mine) {
    if (!mine.last) return null;
    const text = v.ticket(brief, [{seq: mine.sent.length, created_at: mine.sent[mine.sent.length - 1].created_at, body: {message: '', parts: mine.last}}], brief.lang);
    return h('p', {class: 'toolbar', id: 'own-summary'}, copy(text, 'Copy a summary for yourself'), button('Save it as a file', {onclick: () => v.save('my-checks.md', text, 'text/markdown')}, 'download'));
  }

  // ---- owner and reader ----

  function results(owner) {
    const all = new Map(); // by id: {id, seq, created_at, body | error}
    const list = h('div', {class: 'share-results', id: 'results'});
    const count = h('span', {class: 'count', id: 'results-count'});
    const status = h('div', {id: 'state'});
    const trouble = h('div', {role: 'alert', id: 'owner-problem'});
    const compared = h('div', {id: 'compared'});
    const connection = h('p', {class: 'small muted', id: 'connection', role: 'status'}, 'Waiting for results. This page shows them as they come.');
    const ticket = h('p', {class: 'toolbar'});
    const sorted = () => [...all.values()].sort((a, b) => a.seq - b.seq);

    const act = async (what) => {
      trouble.replaceChildren();
      try {
        await what();
        drawState();
        if (owner) d.keep(link, {role: 'owner', title: brief.platform, made: session.item.created_at, expires: session.item.expires_at});
      } catch (err) {
        if (!err.code) console.error(err);
        trouble.replaceChildren(v.problem(err));
      }
    };

    // made once: what is being asked or chosen stays when something arrives
    const removing = owner ? h('p', {class: 'toolbar'}, removal('Delete everything')) : null;
    const days = h('select', {class: 'select', id: 'extend-days', 'aria-label': 'Days from now'}, [1, 3, 7, 14, 30].map((n) => h('option', {value: n, selected: n === 7}, n === 1 ? '1 day from now' : n + ' days from now')));

    function drawState() {
      const it = session.item;
      status.replaceChildren(...[
        h('dl', {class: 'kv'}, h('dt', {}, 'State'), h('dd', {id: 'item-state'}, it.closed_at ? 'closed ' + when(it.closed_at) : 'open, takes results'),
          h('dt', {}, 'Made'), h('dd', {}, when(it.created_at)), h('dt', {}, 'Deleted by itself'), h('dd', {id: 'item-expires'}, when(it.expires_at))),
        owner ? h('p', {class: 'toolbar'},
          it.closed_at ? button('Open again', {id: 'reopen', onclick: () => act(() => session.reopen())}, 'play') : button('Close', {id: 'close', onclick: () => act(() => session.close())}, 'lock'),
          h('span', {class: 'share-extend'}, days, button('Extend', {id: 'extend', onclick: () => act(() => session.extend(Number(days.value)))}, 'clock'))) : null,
        removing].filter(Boolean));
    }

    function drawResults() {
      const rs = sorted();
      count.textContent = rs.length === 1 ? '1 result' : rs.length + ' results';
      list.replaceChildren(...rs.map((r) => r.node || (r.node = resultCard(r))));
      const good = rs.filter((r) => r.body && r.body.parts.length);
      ticket.replaceChildren(...(good.length ? [copy(v.ticket(brief, good, brief.lang), 'Copy all for the ticket', {id: 'copy-all'}), button('Save all as JSON', {onclick: () => v.save('diagnosis.json', JSON.stringify({brief, results: good.map((r) => ({seq: r.seq, created_at: r.created_at, ...r.body}))}, null, 2))}, 'download')] : []));
      drawComparison(good);
    }

    function resultCard(r) {
      return h('article', {class: 'panel share-result', 'data-result': r.seq},
        h('div', {class: 'panel__head'}, h('h3', {}, 'Result ' + r.seq), h('span', {class: 'count'}, when(r.created_at))),
        h('div', {class: 'panel__body'},
          r.error ? v.problem(r.error) : [
            r.body.message ? h('blockquote', {class: 'share-note'}, r.body.message) : null,
            r.body.parts.length ? r.body.parts.map((p) => v.part(p, brief.lang, [single(p)])) : h('p', {class: 'muted'}, 'There is nothing in it that this page can show.')]));
    }

    const single = (p) => v.single(p, brief.lang, (err) => trouble.replaceChildren(v.problem(err)));

    let pair = null;
    function drawComparison(good) {
      if (good.length < 2) return compared.replaceChildren();
      if (!pair || !pair.every((seq) => good.some((r) => r.seq === seq))) pair = [good[0].seq, good[good.length - 1].seq];
      const choose = (i, name) => h('p', {class: 'field'}, h('label', {class: 'label', for: 'pair-' + i}, name),
        h('select', {class: 'select', id: 'pair-' + i, onchange: (e) => { pair[i] = Number(e.target.value); drawComparison(good); document.getElementById('pair-' + i).focus(); }},
          good.map((r) => h('option', {value: r.seq, selected: r.seq === pair[i]}, 'Result ' + r.seq + ', ' + when(r.created_at)))));
      const [a, b] = pair.map((seq) => good.find((r) => r.seq === seq));
      const both = b.body.parts.filter((p) => a.body.parts.some((q) => q.check === p.check));
      compared.replaceChildren(panel('compare', 'Before and after', null,
        h('div', {class: 'share-compare__two'}, choose(0, 'Before'), choose(1, 'After')),
        both.length ? both.map((p) => v.comparison(a.body.parts.find((q) => q.check === p.check), p, brief.lang, ['Before', 'After'])) : h('p', {class: 'muted'}, 'These two have no check in common.')));
    }

    settle('done', session.role, title('Diagnosis: ' + (brief.platform || 'shared'), owner ? 'Results arrive here by themselves.' : 'You may read this diagnosis; you cannot add to it.'),
      mendedNote(), trouble,
      h('div', {class: 'stack'},
        h('div', {class: 'split share-top'},
          panel('about', 'This diagnosis', null, status),
          panel('asked', 'What was asked', null,
            h('p', {}, brief.checks.map((c) => v.checks[c].short).join(', ') || 'nothing'), v.expected(brief),
            brief.note ? h('p', {class: 'share-note'}, brief.note) : null,
            owner ? h('p', {class: 'toolbar'}, copy(session.links.customer, 'Copy the customer’s link', {id: 'copy-customer'}), copy(session.links.reader, 'Copy a link to read only', {id: 'copy-reader'})) : null)),
        panel('results-panel', 'Results', count, connection, ticket, list),
        compared));
    drawState();
    drawResults();

    const stop = new AbortController();
    addEventListener('pagehide', () => stop.abort());
    session.watch({
      state: drawState,
      result: async (r) => {
        if (all.has(r.id)) return;
        all.set(r.id, r);
        try {
          r.body = v.readBody(await session.result(r.id));
        } catch (err) {
          if (err.code === 'not-found') return all.delete(r.id);
          r.error = err.code ? err : new d.DiagnosisError('failed');
        }
        connection.textContent = 'Result ' + r.seq + ' has arrived. More are shown as they come.';
        drawResults();
      },
      gone: () => settle('gone', session.role, title('This diagnosis is gone', 'It was deleted or has expired. Nobody can read it any more.'), h('p', {class: 'toolbar'}, h('a', {class: 'btn', href: '/new'}, 'Make a new one'))),
      trouble: (err) => { connection.textContent = 'The connection is interrupted: ' + err.text; },
      calm: () => { connection.textContent = 'Connected again. Results are shown as they come.'; },
    }, stop.signal);
  }

  // removal asks once more in place.
  function removal(text) {
    const slot = h('span', {class: 'toolbar', id: 'removal'});
    const ask = () => {
      slot.replaceChildren(h('span', {}, 'Delete for good, for everybody?'), button('Yes, delete', {id: 'remove-sure', onclick: async () => {
        try {
          await session.remove();
          settle('gone', session.role, title('Deleted', 'Nobody can read it any more.'), h('p', {class: 'toolbar'}, h('a', {class: 'btn', href: '/new'}, 'Make a new one')));
          focusTitle();
        } catch (err) {
          slot.replaceChildren(v.problem(err));
        }
      }}), button('No', {onclick: calm}));
      slot.querySelector('#remove-sure').focus();
    };
    const calm = () => slot.replaceChildren(button(text, {id: 'remove', onclick: ask}, 'x'));
    calm();
    return slot;
  }

  function focusTitle() {
    document.getElementById('diagnosis-title').focus();
  }

  // The same page with another key: a link that was pasted into the address bar.
  addEventListener('hashchange', () => location.reload());
  addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });

  (async () => {
    try {
      const from = await d.takeLink();
      if (!from) throw new d.DiagnosisError('no-link');
      await begin(from);
    } catch (err) {
      refuse(err);
    }
  })();
})();
