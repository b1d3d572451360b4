'use strict';
// A bar on the tool pages, while a customer does a step of a shared diagnosis
// (static/share/page.js): takes the tool's result along, and leads back. What it
// takes is what "Download JSON" and "Copy for a ticket" give: keys are masked.
(() => {
  const step = read(() => JSON.parse(sessionStorage.getItem('ingestdoctor.step')));
  if (!step || step.path !== location.pathname || !/^[\w-]{22}$/.test(step.id)) return;

  function read(fn) {
    try {
      return fn();
    } catch {
      return null;
    }
  }

  const bar = document.createElement('section');
  bar.className = 'step-bar';
  bar.setAttribute('aria-label', 'Step for support');
  const text = document.createElement('p');
  const use = Object.assign(document.createElement('button'), {type: 'button', className: 'btn btn--primary', textContent: 'Use this result', disabled: true, id: 'step-use'});
  const back = Object.assign(document.createElement('a'), {className: 'btn', textContent: 'Back to the steps', href: '/d/' + step.id, id: 'step-back'});
  const buttons = document.createElement('p');
  buttons.className = 'toolbar';
  buttons.append(use, back);
  bar.append(text, buttons);
  document.documentElement.append(bar); // outside of what go-app replaces
  document.documentElement.dataset.step = '';

  const ready = () => {
    const download = document.getElementById('download');
    const verdict = document.getElementById('verdict');
    return download && !download.disabled && verdict && document.getElementById('headline') && window.ingestTool;
  };
  const say = (now) => {
    const words = now ? 'The result is there. Use it, or check again first. You see what is sent before it is sent.' : 'Step ' + step.n + ' of ' + step.of + ' for support: ' + step.title + '.';
    if (text.textContent !== words) text.textContent = words;
    use.disabled = !now;
  };
  text.setAttribute('aria-live', 'polite');
  say(false);
  setInterval(() => say(Boolean(ready())), 400);

  use.addEventListener('click', () => {
    if (!ready()) return;
    // The tool's own button, with its file caught on the way.
    const really = window.ingestTool.download;
    let json = null;
    window.ingestTool.download = (_, content) => { json = content; };
    document.getElementById('download').click();
    setTimeout(() => {
      window.ingestTool.download = really;
      const report = read(() => JSON.parse(json));
      const kept = read(() => JSON.parse(localStorage.getItem('ingestdoctor.diagnosis.' + step.id)));
      if (!report || !kept) {
        text.textContent = kept ? 'The result could not be taken along. Check again and try once more.' : 'This browser keeps nothing (a private window?), so the result cannot be taken along. Download it and send it to support.';
        return;
      }
      const ticket = document.getElementById('copy-ticket');
      const verdict = report.verdict || {};
      kept.extra = kept.extra || {};
      kept.extra.parts = kept.extra.parts || {};
      kept.extra.parts[step.check] = {
        check: step.check, at: new Date().toISOString(),
        headline: String(verdict.headline || document.getElementById('headline').textContent).trim(),
        severity: String(verdict.severity || 'off'), markdown: ticket ? ticket.dataset.copy.trim() : '', report,
      };
      if (read(() => { localStorage.setItem('ingestdoctor.diagnosis.' + step.id, JSON.stringify(kept)); return true; })) {
        read(() => sessionStorage.removeItem('ingestdoctor.step'));
        location.assign('/d/' + step.id);
      } else {
        text.textContent = 'This browser has no room for the result. Download it and send it to support.';
      }
    }, 50);
  });
})();
