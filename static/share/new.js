'use strict';
// The page /new: makes a diagnosis and gives its links.
(() => {
  const d = ingestDiagnosis;
  const {h, copy, button, callout, problem, date} = shareView;
  const form = document.getElementById('new');
  const value = (id) => document.getElementById(id).value.trim();
  const trouble = document.getElementById('new-problem');

  document.getElementById('make').disabled = false;

  // What looks like a key does not belong into a link that is sent around.
  function secretIn(text) {
    if (/\b(?:txSecret|wsSecret|auth_key|streamkey|stream_key|password|passwd|token|sig|signature)\s*[=:]\s*\S/i.test(text)) return true;
    if (/rtmps?:\/\/[^\s/]+\/[^\s/]+\/[^\s]{6,}/i.test(text)) return true;
    if (/\b(?:[a-z0-9]{4}-){3,}[a-z0-9]{4}\b/i.test(text)) return true; // as YouTube writes them
    return (text.match(/[A-Za-z0-9]{14,}/g) || []).some((w) => /\d/.test(w) && /[A-Za-z]/.test(w));
  }

  function wrong(id, text) {
    trouble.replaceChildren(callout('error', 'octagon-x', h('p', {}, text)));
    const el = document.getElementById(id);
    el.setAttribute('aria-invalid', 'true');
    (el.matches('fieldset') ? el.querySelector('input') : el).focus();
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    for (const el of form.querySelectorAll('[aria-invalid]')) el.removeAttribute('aria-invalid');
    const checks = [...form.querySelectorAll('#checks input:checked')].map((c) => c.value);
    const days = Number(value('days'));
    const brief = {
      v: 1, profile: value('platform'), platform: document.getElementById('platform').selectedOptions[0].textContent,
      checks, host: value('host'), settings: {}, note: value('note'), lang: value('lang'),
    };
    for (const id of ['size', 'rate', 'bitrate', 'keyframe']) if (value(id)) brief.settings[id] = value(id);
    if (checks.length === 0) return wrong('checks', 'Choose at least one check.');
    if (brief.host && !/^[A-Za-z0-9_.-]+(?::\d{1,5})?$|^\[[0-9a-fA-F:]+\](?::\d{1,5})?$/.test(brief.host)) {
      return wrong('host', 'The expected host is a name alone, like live.example.com: no rtmp://, no path, no key.');
    }
    if (secretIn(brief.note)) return wrong('note', 'The note seems to hold a stream key, a token or a password. Take it out: your customer has it already.');
    for (const id of Object.keys(brief.settings)) if (secretIn(brief.settings[id])) return wrong(id, 'This seems to be a key. Take it out: your customer has it already.');
    if (!Number.isInteger(days) || days < 1 || days > 30) return wrong('days', 'A diagnosis lives for 1 to 30 days.');

    const make = document.getElementById('make');
    make.disabled = true;
    make.textContent = 'Making the links';
    try {
      const made = await d.create({kind: 'diagnosis', days, text: JSON.stringify(brief)});
      const owner = await d.readLink(made.links.owner);
      const kept = d.keep(owner, {role: 'owner', title: brief.platform, made: made.item.created_at, expires: made.item.expires_at});
      show(made, brief, kept);
      list();
    } catch (err) {
      if (!err.code) console.error(err);
      trouble.replaceChildren(problem(err));
    } finally {
      make.disabled = false;
      make.textContent = 'Make the links';
    }
  });

  function line(id, title, text, link, primary) {
    return h('div', {class: 'share-link'},
      h('h3', {}, title), h('p', {class: 'small'}, text),
      h('div', {class: 'share-link__row'},
        h('input', {class: 'input mono', id, readonly: true, value: link, 'aria-label': title, onfocus: (e) => e.target.select()}),
        copy(link, 'Copy', {class: primary ? 'btn btn--primary' : 'btn'})));
  }

  function show(made, brief, kept) {
    const box = document.getElementById('links');
    const until = date(made.item.expires_at, brief.lang);
    const mail = 'Please open this link and follow the steps:\n' + made.links.customer +
      '\n\nIt leads you through ' + (brief.checks.length === 1 ? 'a check' : brief.checks.length + ' checks') + ' of your stream and sends us the result. Your stream key stays with you. The link works until ' + until + '.';
    box.hidden = false;
    box.replaceChildren(
      h('div', {class: 'panel__head'}, h('h2', {id: 'links-title'}, 'The links are ready')),
      h('div', {class: 'panel__body'},
        line('customer-link', 'For the customer', 'Opens the checks. It works until ' + until + '.', made.links.customer, true),
        h('p', {class: 'toolbar'}, copy(mail, 'Copy as a message')),
        line('owner-link', 'For you', kept ?
          'Opens the results. It is also kept in this browser; elsewhere this link is the only way in.' :
          'Opens the results, and is the only way in: this browser keeps nothing. Store it now.', made.links.owner, false),
        h('p', {class: 'toolbar'}, h('a', {class: 'btn btn--small', href: made.links.owner, id: 'open-owner'}, 'Open the page for results'))));
    box.focus({preventScroll: true});
    box.scrollIntoView({block: 'nearest'});
  }

  // What was made in this browser, until it has expired.
  function list() {
    const items = [];
    try {
      for (let i = localStorage.length - 1; i >= 0; i--) {
        const m = /^ingestdoctor\.diagnosis\.(.{22})$/.exec(localStorage.key(i));
        const kept = m && d.kept(m[1]);
        if (!kept || !kept.extra) continue;
        if (Date.parse(kept.extra.expires) < Date.now()) d.forget(m[1]);
        else if (kept.extra.role === 'owner') items.push({id: m[1], ...kept});
      }
    } catch { /* storage is blocked */ }
    items.sort((a, b) => String(b.extra.made).localeCompare(String(a.extra.made)));
    document.getElementById('mine').hidden = items.length === 0;
    document.getElementById('mine-list').replaceChildren(...items.map((it) => h('li', {class: 'cluster cluster--between'},
      h('span', {}, h('a', {href: it.link}, String(it.extra.title)), h('br'), h('span', {class: 'small muted'}, 'made ' + date(it.extra.made) + ', until ' + date(it.extra.expires))),
      button('Forget', {'aria-label': 'Forget ' + it.extra.title + ' in this browser', onclick: () => {
        d.forget(it.id);
        list();
      }}, 'x'))));
  }
  list();
})();
