'use strict';
// What a tool page needs of the browser and go-app does not give: files that
// are dropped anywhere on the page or pasted, a report to download, and where
// the focus goes.
//
//   ingestTool.onFiles(fn)           fn(array of File, problem)
//   ingestTool.download(name, text)
//   ingestTool.focus(id)             focuses an element and brings it into view
//   ingestTool.reveal(id)            scrolls to an element that is mostly out of view
//   ingestTool.lost()                whether the focus went with an element that is gone
//   ingestTool.mark(name)            a performance mark, once the page has been painted
(() => {
  let receive = null;
  let depth = 0;

  window.ingestTool = {onFiles: (fn) => { receive = fn; }, download, focus, reveal, lost, mark};

  // go-app hears of a newer version only if its worker is found after go-app has
  // begun to listen; so ask for it then, and see for ourselves when it takes over.
  const workers = navigator.serviceWorker;
  if (workers && workers.controller) {
    workers.addEventListener('controllerchange', () => { if (window.goappOnUpdate) window.goappOnUpdate(); });
    workers.ready.then((registration) => registration.update()).catch(() => {}); // no network
  }

  const zone = () => document.querySelector('[data-drop]');
  const carriesFiles = (e) => e.dataTransfer && Array.from(e.dataTransfer.types).includes('Files');

  function highlight(on) {
    const el = zone();
    if (el) el.classList.toggle('drop--over', on);
  }

  // A file dropped beside the zone must not replace the page.
  document.addEventListener('dragenter', (e) => {
    if (!carriesFiles(e)) return;
    depth++;
    highlight(true);
  });
  document.addEventListener('dragleave', (e) => {
    if (!carriesFiles(e)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) highlight(false);
  });
  document.addEventListener('dragover', (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    e.dataTransfer.dropEffect = receive ? 'copy' : 'none';
  });
  document.addEventListener('drop', (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    depth = 0;
    highlight(false);
    take(e.dataTransfer);
  });
  document.addEventListener('paste', (e) => {
    if (e.clipboardData && e.clipboardData.files.length > 0) take(e.clipboardData);
  });

  function take(data) {
    if (!receive) return;
    const files = [];
    let folders = 0;
    for (const item of data.items) {
      if (item.kind !== 'file') continue;
      const entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
      const file = item.getAsFile();
      if (entry && entry.isDirectory) folders++;
      else if (file) files.push(file);
    }
    receive(files, folders > 0 ? 'A folder cannot be read as a whole: choose the recordings in it.' : '');
  }

  function download(name, text) {
    const url = URL.createObjectURL(new Blob([text], {type: 'application/json'}));
    const a = document.createElement('a');
    a.href = url;
    a.download = name;
    document.documentElement.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  function focus(id) {
    requestAnimationFrame(() => {
      const el = document.getElementById(id);
      if (!el) return;
      el.focus({preventScroll: true});
      el.scrollIntoView({block: 'nearest'});
      const top = el.getBoundingClientRect().top;
      const header = document.querySelector('.site-header');
      const covered = header && getComputedStyle(header).position === 'sticky' ? header.offsetHeight : 0;
      if (top < covered + 8 || top > innerHeight * 0.7) {
        scrollBy({top: top - covered - 12});
      }
    });
  }

  function reveal(id) {
    requestAnimationFrame(() => {
      const el = document.getElementById(id);
      if (!el) return;
      const top = el.getBoundingClientRect().top;
      if (top < 0 || top > innerHeight * 0.6) el.scrollIntoView({block: 'start'});
    });
  }

  function lost() {
    const el = document.activeElement;
    return !el || el === document.body || el === document.documentElement;
  }

  function mark(name) {
    requestAnimationFrame(() => setTimeout(() => performance.mark(name)));
  }
})();
