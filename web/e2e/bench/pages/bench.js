'use strict';
// What other readers take for the chosen file. Each function gives milliseconds.

const file = () => document.querySelector('input').files[0];

const worker = new Worker('/raw.js');
let answer = null;
worker.onmessage = (e) => answer(e.data);

// Reading alone, in a worker, the way ours reads.
window.raw = () => new Promise((resolve, reject) => {
  answer = (m) => m.read === file().size ? resolve(m.ms) : reject(new Error(`read ${m.read} of ${file().size}: ${m.error}`));
  worker.postMessage({file: file()});
});

// The whole load of mpegts.js: reading, demuxing and making MP4 segments. The
// segments are dropped here instead of being given to the media element, whose
// buffer would fill up: that spares mpegts.js work and so flatters it.
window.mpegtsLoad = () => new Promise((resolve, reject) => {
  mpegts.LoggingControl.enableAll = false;
  const started = performance.now();
  const url = URL.createObjectURL(file());
  const player = mpegts.createPlayer({type: 'flv', url}, {enableWorker: false, lazyLoad: false, deferLoadAfterSourceOpen: false});
  const end = (f, v) => {
    const ms = performance.now() - started;
    player.destroy();
    URL.revokeObjectURL(url);
    f(v ?? ms);
  };
  let bytes = 0;
  player.on(mpegts.Events.LOADING_COMPLETE, () => bytes > file().size / 2 ? end(resolve) : end(reject, new Error(`only ${bytes} bytes of segments`)));
  player.on(mpegts.Events.ERROR, (type, detail, info) => end(reject, new Error(`${type} ${detail} ${info && info.msg}`)));
  player.attachMediaElement(document.querySelector('video'));
  const mse = player._player_engine._mse_controller;
  mse.appendInitSegment = () => {};
  mse.appendMediaSegment = (s) => { bytes += s.data.byteLength; };
  mse.endOfStream = () => {};
  player.load();
});

let mediainfo = null;
window.mediainfoStart = async () => {
  mediainfo = await MediaInfo.mediaInfoFactory({format: 'JSON', full: true, locateFile: (name) => '/modules/mediainfo.js/dist/' + name});
};
// mediainfo.js reads a sample of the file only; mediainfoRead says how much.
window.mediainfoRead = 0;
window.mediainfoLoad = async () => {
  const f = file();
  window.mediainfoRead = 0;
  const started = performance.now();
  const text = await mediainfo.analyzeData(f.size, async (size, offset) => {
    const part = new Uint8Array(await f.slice(offset, offset + size).arrayBuffer());
    window.mediainfoRead += part.length;
    return part;
  });
  const ms = performance.now() - started;
  if (!text.includes('AVC')) throw new Error('mediainfo.js: ' + text.slice(0, 300));
  return ms;
};
