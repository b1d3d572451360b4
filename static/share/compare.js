'use strict';
// The page /compare: saved reports, read in the browser alone.
(() => {
  const v = shareView;
  const {h, callout} = v;
  const input = document.getElementById('reports');
  const zone = document.getElementById('drop');
  const out = document.getElementById('compared');
  const trouble = document.getElementById('compare-problem');
  const MOST = 20e6; // bytes; a report has a fraction of it
  let parts = [];
  const share = (p) => v.single(p, '', (err) => trouble.replaceChildren(v.problem(err)));

  async function take(files) {
    trouble.replaceChildren();
    const wrong = [];
    for (const file of [...files].slice(0, 10)) {
      let found = [];
      try {
        if (file.size > MOST) throw new Error('too large');
        found = read(JSON.parse(await file.text()));
      } catch { /* not JSON */ }
      if (found.length === 0) wrong.push(file.name);
      for (const p of found) parts.push({...p, at: p.at || new Date(file.lastModified).toISOString(), name: file.name});
    }
    if (wrong.length) trouble.replaceChildren(callout('error', 'octagon-x', h('p', {}, wrong.join(', ') + (wrong.length === 1 ? ' is' : ' are') + ' no report of ours. A report is what “Download JSON” or “Save as JSON” gives.')));
    parts = parts.slice(-2).sort((a, b) => a.at.localeCompare(b.at));
    draw();
  }

  // A report of one of the tools, or a whole diagnosis that was saved.
  function read(json) {
    const one = v.partOf(json);
    if (one) return [one];
    const bodies = Array.isArray(json.results) ? json.results : json.parts ? [json] : [];
    return bodies.flatMap((b) => v.readBody(JSON.stringify(b)).parts);
  }

  function draw() {
    const clear = parts.length ? h('p', {class: 'toolbar'}, v.button('Start anew', {onclick: () => { parts = []; input.value = ''; draw(); input.focus(); }}, 'rotate-ccw')) : null;
    if (parts.length === 2 && parts[0].check === parts[1].check) {
      out.replaceChildren(h('h2', {class: 'sr-only'}, 'Reports'), clear, h('div', {class: 'stack'}, v.comparison(parts[0], parts[1], '', [parts[0].name, parts[1].name])), h('div', {class: 'share-results'}, parts.map((p) => v.part(p, '', [share(p)]))));
    } else if (parts.length) {
      out.replaceChildren(h('h2', {class: 'sr-only'}, 'Reports'), clear, ...(parts.length === 2 ? [callout('info', 'info', h('p', {}, 'These are reports of different checks, so they are shown, and not compared.'))] : []), h('div', {class: 'share-results'}, parts.map((p) => v.part(p, '', [share(p)]))));
    } else {
      out.replaceChildren();
    }
  }

  // What another page hands over stands here until it is compared or shared.
  for (const kind of ['compare', 'share']) {
    ingestHandover.take(kind, ({text}) => {
      const p = v.partOf(JSON.parse(text));
      if (!p) return;
      parts = [{...p, at: p.at || new Date().toISOString(), name: p.report.kind === 'live' ? 'Test stream' : 'Report'}];
      draw();
      const first = kind === 'share' ? out.querySelector('[data-share]') : input;
      first.focus();
      first.scrollIntoView({block: 'center'});
    });
  }

  input.addEventListener('change', () => take(input.files));
  for (const type of ['dragover', 'dragenter']) {
    document.addEventListener(type, (e) => {
      if (!e.dataTransfer || !e.dataTransfer.types.includes('Files')) return;
      e.preventDefault();
      zone.classList.add('drop--over');
    });
  }
  document.addEventListener('dragleave', (e) => { if (!e.relatedTarget) zone.classList.remove('drop--over'); });
  document.addEventListener('drop', (e) => {
    if (!e.dataTransfer || !e.dataTransfer.types.includes('Files')) return;
    e.preventDefault();
    zone.classList.remove('drop--over');
    take(e.dataTransfer.files);
  });
})();
