'use strict';
// The worker that reads ingest URLs with linter.wasm.
//
// It is served with connect-src 'none': it can open no connection, and the
// compiled program is handed to it by message. What it is given stays in its
// memory until the next text, or 'forget'.
//
// In:  what worker-core.js says, and
//      {t: 'lint', id, what}
//      {t: 'sign', id, what, expiry}        Unix seconds
//      {t: 'rates', id, what, video, audio} kbit/s, 0 for none
//      {t: 'forget'}
//      what is {text, key, split, profile, signKey}: the URL, or (split) the server field and
//      the key field; profile '' for the one that the URL tells; signKey to verify or sign with
// Out: {t: 'linted', id, report, plain, ms} two JSON texts (wasm/ingest/json.go): secrets masked, and
//                                           what is masked; the spans are in bytes of the UTF-8 text
//      {t: 'made', id, url, shown}          signed or with rates; '' where that cannot be

self.onmessage = ({data}) => {
  importScripts(...data.scripts);
  serve(data, {name: 'linter', subject: 'The linter', plea: 'Nothing was sent anywhere. Please report it, without the URL.'}, {
    lint,
    sign: (m) => made(m, () => wasm.sign(m.expiry)),
    rates: (m) => made(m, () => wasm.rates(m.video, m.audio)),
    forget: () => { if (wasm) call(() => wasm.forget()); },
  });
};

function lint({id, what}) {
  const started = performance.now();
  const report = text(judge(what));
  const plain = text(call(() => wasm.plain()));
  self.postMessage({t: 'linted', id, report, plain, ms: performance.now() - started});
}

function made({id, what}, make) {
  judge(what);
  const {url, shown} = JSON.parse(text(call(make)));
  self.postMessage({t: 'made', id, url, shown});
}

function judge({text, key, split, profile, signKey}) {
  const now = Math.floor(Date.now() / 1000);
  return call(() => wasm.lint(...putTexts(text || '', key || '', profile || '', signKey || ''), split ? 1 : 0, now));
}
