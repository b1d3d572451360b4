'use strict';
// The page's side of the worker that reads recordings (worker.js), over
// client.js. On a page that takes no recordings it begins when somebody listens.
//
//   ingestValidator.listen(fn)             fn(message) for every message of the worker (worker.js),
//                                          and {t: 'failed', text, fatal: true} when it cannot start
//   ingestValidator.analyse(id, file, profile)
//   ingestValidator.cancel(id)
//   ingestValidator.dissect(id, file, offset)
//   ingestValidator.about                  the JSON of 'ready', '' until then
(() => {
  const CANCEL_MS = 300; // a worker that has not stopped by then is replaced

  const client = ingestClient('the analyser', receive);
  window.ingestValidator = {get about() { return client.about; }, listen, analyse, cancel, dissect};

  function begin() {
    client.start({
      worker: goappGetenv('ASSET_WORKER_JS'),
      wasm: goappGetenv('ASSET_VALIDATOR_WASM'),
      scripts: goappGetenv('ASSET_WORKER_SCRIPTS'),
      version: goappGetenv('PROGRAM_VERSION'),
    });
  }

  if (document.querySelector('[data-drop="files"]')) begin();

  function listen(fn) {
    begin();
    client.listen(fn);
  }

  function receive(message) {
    switch (message.t) {
      case 'progress':
      case 'partial':
        // What was on its way when it was cancelled.
        return client.running !== null && client.running.id === message.id && !client.running.cancelled;
      case 'done':
        return client.ended(message.id);
    }
    return true;
  }

  function analyse(id, file, profile) {
    performance.mark('ingest-chosen');
    client.running = {id, cancelled: false};
    client.post({t: 'analyse', id, file, profile});
  }

  function cancel(id) {
    if (!client.running || client.running.id !== id) return;
    client.running.cancelled = true;
    client.cancel(id, CANCEL_MS);
  }

  function dissect(id, file, offset) { client.post({t: 'dissect', id, file, offset}); }
})();
