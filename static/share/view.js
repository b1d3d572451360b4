'use strict';
// What the pages of shared diagnoses have in common: small ways to draw, and how
// reports are shown and compared. All text comes from people and is set as text.
//
//   shareView.h(tag, attributes, ...children)
//   shareView.icon(name)
//   shareView.date(iso, lang)                "21 November 2026, 14:05", in the reader's time zone
//   shareView.checks                         what can be checked: {url: {title, doing, path}, ...}
//   shareView.findings(report)               -> [{rule, severity, message, count}]
//   shareView.part(part, lang)               one result, as elements
//   shareView.compare(before, after)         two reports -> {gone, fresh, same} of findings
//   shareView.comparison(before, after, lang, names)   the same as elements
//   shareView.partOf(report)                 makes a result of a report that was saved
//   shareView.single(part, lang, fail)       a button that shares one result as a link of its own
//   shareView.ticket(...)                    Markdown of a whole diagnosis
//   shareView.save(name, text, type)         a file for the reader
(() => {
  const sprite = document.getElementById('share-view').dataset.icons;
  const SVG = 'http://www.w3.org/2000/svg';

  const checks = {
    url: {
      title: 'Check the ingest URL', short: 'Ingest URL', path: '/check/url', icon: 'link',
      doing: 'Paste the address and the key from your encoder. They stay in this browser; the key is masked in what is sent.',
    },
    reach: {
      title: 'Test whether the server is reached', short: 'Reachability', path: '/check/reach', icon: 'plug',
      doing: 'Our server tries the same steps as your encoder: name, port, encryption, RTMP. Only the host goes to it; no key is needed.',
    },
    file: {
      title: 'Check a recording', short: 'Recording', path: '/check/file', icon: 'file-video',
      doing: 'Record about a minute with your encoder, with the same settings as for the stream, and choose the file. It is read in this browser and not uploaded.',
    },
    log: {
      title: 'Explain the encoder’s log', short: 'Log', path: '/check/log', icon: 'file-search',
      doing: 'Paste the log of the attempt that failed, or the platform’s event. It is read in this browser, and keys in it are masked.',
    },
  };
  const severities = {
    error: ['octagon-x', 'error'], warning: ['triangle-alert', 'warning'], info: ['info', 'note'], passed: ['circle-check', 'passed'], off: ['circle-check', 'nothing found'],
  };

  function h(tag, attributes, ...children) {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === false || value === null || value === undefined) continue;
      if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
      else if (value === true) el.setAttribute(name, '');
      else el.setAttribute(name, String(value));
    }
    el.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
    return el;
  }

  function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('focusable', 'false');
    const use = document.createElementNS(SVG, 'use');
    use.setAttribute('href', sprite + '#' + name);
    svg.append(use);
    return svg;
  }

  function date(iso, lang) {
    const at = new Date(iso);
    if (isNaN(at)) return '';
    const style = {dateStyle: 'long', timeStyle: 'short'};
    try {
      return new Intl.DateTimeFormat(lang || undefined, style).format(at);
    } catch {
      return new Intl.DateTimeFormat(undefined, style).format(at);
    }
  }

  const severityOf = (s) => severities[s] ? s : 'off';

  function badge(severity, text) {
    const s = severityOf(severity);
    return h('span', {class: 'sev sev--' + (s === 'off' ? 'passed' : s)}, icon(severities[s][0]), text || severities[s][1]);
  }

  const button = (text, attributes, name) => h('button', {type: 'button', class: 'btn btn--small', ...attributes}, name && icon(name), text);
  const copy = (text, label, attributes) => button(label, {'data-copy': text, 'data-copy-done': 'Copied', ...attributes}, 'clipboard');
  const callout = (kind, name, ...children) => h('div', {class: 'callout callout--' + kind}, icon(name), h('div', {}, ...children));
  const problem = (err) => callout('error', 'octagon-x', h('p', {}, err && err.text || 'Something went wrong in this page. Reload it and try again.'));

  // ---- reports ----

  // All tools have one form of report: ingestdoctor.report/1.
  function findings(report) {
    if (!report || !Array.isArray(report.findings)) return [];
    return report.findings.filter((f) => f && typeof f.rule === 'string').map((f) => ({
      rule: f.rule, severity: severityOf(f.severity), message: String(f.message || f.rule), count: Number(f.count) || 1,
    }));
  }

  function compare(before, after) {
    const was = findings(before), is = findings(after);
    const rules = (list) => new Set(list.map((f) => f.rule));
    const [a, b] = [rules(was), rules(is)];
    return {gone: was.filter((f) => !b.has(f.rule)), fresh: is.filter((f) => !a.has(f.rule)), same: is.filter((f) => a.has(f.rule))};
  }

  const ruleLink = (rule) => /^[a-z0-9-]+$/.test(rule) ? h('a', {href: '/rules/' + rule}, rule) : rule;

  function findingList(list, empty) {
    if (list.length === 0) return h('p', {class: 'muted'}, empty);
    return h('ul', {class: 'list-plain share-findings'}, list.map((f) => h('li', {'data-rule': f.rule},
      badge(f.severity), ' ', f.message, ' ', h('span', {class: 'small muted'}, ruleLink(f.rule)))));
  }

  // A test stream is compared with a recording, and has a name of its own.
  const nameOf = (p) => p.report && p.report.kind === 'live' ? 'Test stream' : checks[p.check] ? checks[p.check].short : 'Report';

  function part(p, lang, actions) {
    const check = checks[p.check];
    const text = JSON.stringify(p.report, null, 2);
    return h('article', {class: 'share-part', 'data-check': p.check, 'data-severity': severityOf(p.severity)},
      h('h3', {}, check && icon(check.icon), ' ', nameOf(p)),
      h('p', {class: 'share-part__headline'}, badge(p.severity), ' ', String(p.headline || '')),
      p.at ? h('p', {class: 'small muted'}, 'Checked ' + date(p.at, lang)) : null,
      findingList(findings(p.report), 'No findings.'),
      h('p', {class: 'toolbar'},
        p.markdown ? copy(String(p.markdown), 'Copy for a ticket') : null,
        button('Save as JSON', {onclick: () => save('ingestdoctor-' + (check ? p.check : 'report') + '.json', text)}, 'download'),
        actions),
      h('details', {class: 'details'}, h('summary', {}, 'The whole report'), h('div', {class: 'code-block code-block--wrap share-exact'}, h('pre', {tabindex: '0'}, text))));
  }

  function comparison(before, after, lang, names) {
    const c = compare(before.report, after.report);
    const column = (title, p) => h('div', {}, h('h4', {}, title), h('p', {}, badge(p.severity), ' ', String(p.headline || '')),
      p.at ? h('p', {class: 'small muted'}, date(p.at, lang)) : null);
    const group = (key, title, list, empty) => h('div', {'data-change': key}, h('h4', {}, title + ' ', h('span', {class: 'count'}, String(list.length))), findingList(list, empty));
    return h('section', {class: 'share-compare', 'data-check': after.check},
      h('h3', {}, nameOf(after)),
      h('div', {class: 'share-compare__two'}, column(names[0], before), column(names[1], after)),
      h('div', {class: 'share-compare__three'},
        group('gone', 'Gone', c.gone, 'Nothing has gone away.'),
        group('new', 'New', c.fresh, 'Nothing new.'),
        group('same', 'Still there', c.same, 'Nothing has stayed.')));
  }

  // single shares one result as a link, with a key of its own; fail(error) is told
  // what went wrong.
  function single(p, lang, fail) {
    const d = ingestDiagnosis;
    const slot = h('span', {class: 'share-single'});
    slot.append(button('Share this alone', {'data-share': true, onclick: async (e) => {
      e.target.disabled = true;
      try {
        const made = await d.create({kind: 'report', days: 7, text: JSON.stringify({v: 1, made_at: new Date().toISOString(), message: '', parts: [p]})});
        const own = await d.readLink(made.links.owner);
        d.keep(own, {role: 'owner', title: 'Shared result: ' + checks[p.check].short, made: made.item.created_at, expires: made.item.expires_at});
        slot.replaceChildren(copy(made.links.reader, 'Copy its link', {'data-single': made.links.reader}), h('span', {class: 'small muted'}, ' readable until ' + date(made.item.expires_at, lang)));
        slot.querySelector('button').focus();
      } catch (err) {
        e.target.disabled = false;
        fail(err);
      }
    }}, 'link'));
    return slot;
  }

  const kinds = {flv: 'file', live: 'file', url: 'url', log: 'log', probe: 'reach'};

  // A report that was saved by one of our tools, as a result; null for anything else.
  function partOf(report) {
    if (!report || typeof report !== 'object' || !/^ingestdoctor\.report\//.test(report.format) || !kinds[report.kind]) return null;
    const verdict = report.verdict && typeof report.verdict === 'object' ? report.verdict : {};
    return {
      check: kinds[report.kind], report, severity: severityOf(verdict.severity), headline: String(verdict.headline || ''),
      at: typeof report.started === 'string' ? report.started : '', markdown: '',
    };
  }

  function ticket(brief, results, lang) {
    const lines = ['# Diagnosis: ' + (brief.platform || 'ingest'), ''];
    if (brief.host) lines.push('Expected host: `' + brief.host.replace(/`/g, '') + '`', '');
    for (const r of results) {
      lines.push('## Result ' + r.seq + ', ' + date(r.created_at, lang), '');
      if (r.body.message) lines.push('> ' + r.body.message.split('\n').join('\n> '), '');
      for (const p of r.body.parts) lines.push((p.markdown || '**' + (p.headline || '') + '**').trim(), '');
    }
    return lines.join('\n');
  }

  function save(name, text, type = 'application/json') {
    const url = URL.createObjectURL(new Blob([text], {type}));
    const a = h('a', {href: url, download: name});
    document.documentElement.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  // A body is read with care: it was encrypted by whoever has the link.
  function readBody(text) {
    let body = null;
    try {
      body = JSON.parse(text);
    } catch { /* not ours */ }
    if (!body || typeof body !== 'object' || !Array.isArray(body.parts)) return {message: '', parts: [], made_at: ''};
    return {
      message: typeof body.message === 'string' ? body.message : '', made_at: String(body.made_at || ''),
      parts: body.parts.filter((p) => p && typeof p === 'object' && p.report && typeof p.report === 'object').slice(0, 20),
    };
  }

  function readBrief(text) {
    let b = null;
    try {
      b = JSON.parse(text);
    } catch { /* not ours */ }
    if (!b || typeof b !== 'object') b = {};
    const word = (v) => typeof v === 'string' ? v.slice(0, 4000) : '';
    const settings = b.settings && typeof b.settings === 'object' ? b.settings : {};
    return {
      profile: word(b.profile), platform: word(b.platform), host: word(b.host), note: word(b.note), lang: word(b.lang),
      checks: (Array.isArray(b.checks) ? b.checks : []).filter((c) => Object.hasOwn(checks, c)),
      settings: Object.fromEntries(['size', 'rate', 'bitrate', 'keyframe'].map((k) => [k, word(settings[k])])),
    };
  }

  const settingNames = {size: 'Picture size', rate: 'Frame rate', bitrate: 'Video bitrate', keyframe: 'Key frame interval'};

  function expected(brief) {
    const rows = [];
    if (brief.host) rows.push(['Host', brief.host]);
    for (const [k, name] of Object.entries(settingNames)) if (brief.settings[k]) rows.push([name, brief.settings[k]]);
    return rows.length === 0 ? null : h('dl', {class: 'kv'}, rows.map(([k, v]) => [h('dt', {}, k), h('dd', {}, v)]));
  }

  globalThis.shareView = {
    h, icon, date, checks, findings, compare, comparison, part, partOf, single, ticket, save, badge, button, copy, callout, problem, readBody, readBrief, expected, severityOf,
  };
})();
