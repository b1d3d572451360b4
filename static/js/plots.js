'use strict';
// Draws the plots of a report with uPlot. The page's program decides what is
// drawn (web/ui/plots.go); this file knows about canvases, zoom and markers.
//
//   ingestPlots.draw(element, spec)     one plot, as JSON or read; web/ui/plots.go describes it
//   ingestPlots.show(group, at, span)   zooms a group of plots to a place
//   ingestPlots.zoom(action)            'in', 'out', 'left', 'right', 'reset': every plot
//   ingestPlots.onMarker(fn)            fn(key) when a marker is clicked
(() => {
  const HEIGHT = 168;
  const plots = new Map();    // id -> {u, element, spec, full: [min, max], zoomed}
  const groups = new Map();   // group -> [min, max] while zoomed
  const queue = new Map();    // element -> JSON, to be drawn
  const after = [];           // what waits for that
  let marked = null;
  let busy = false;           // a zoom is being copied to the other plots

  window.ingestPlots = {draw, show, zoom, onMarker: (fn) => { marked = fn; }};

  // Loaded with the page, not with the first file: nothing is fetched while a
  // recording is read.
  const script = document.createElement('script');
  script.src = goappGetenv('ASSET_UPLOT_JS');
  script.onload = flush;
  document.head.append(script);
  const sheet = document.createElement('link');
  sheet.rel = 'stylesheet';
  sheet.href = goappGetenv('ASSET_UPLOT_CSS');
  document.head.append(sheet);

  // ---------- words ----------

  const two = (n) => String(n).padStart(2, '0');

  // clock writes milliseconds as 0:14 or 1:02:03, with tenths or more where the step asks for it.
  function clock(ms, step) {
    const digits = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
    const unit = 10 ** (3 - digits);
    let rest = Math.round(Math.abs(ms) / unit) * unit;
    const h = Math.floor(rest / 3600000);
    rest -= h * 3600000;
    const m = Math.floor(rest / 60000);
    rest -= m * 60000;
    const s = Math.floor(rest / 1000);
    let text = h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
    if (digits > 0) text += '.' + String(Math.round(rest - s * 1000)).padStart(3, '0').slice(0, digits);
    return ms < 0 ? '−' + text : text;
  }

  const number = (v, digits) => v.toLocaleString('en-GB', {maximumFractionDigits: digits});

  function bytes(v) {
    if (v >= 1e9) return number(v / 1e9, 2) + ' GB';
    if (v >= 1e6) return number(v / 1e6, 1) + ' MB';
    return number(v / 1e3, 0) + ' kB';
  }

  function duration(ms) {
    return Math.abs(ms) >= 1000 ? number(ms / 1000, 1) + ' s' : number(ms, 0) + ' ms';
  }

  const units = {
    kbps: (v) => (v >= 10000 ? number(v / 1000, 1) + ' Mb/s' : number(v, 0) + ' kb/s'),
    fps: (v) => number(v, 2) + ' fps',
    ms: duration,
    at: (v) => clock(v, 100),
    bytes,
  };

  const increments = {
    at: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000,
      900000, 1800000, 3600000, 7200000, 14400000, 21600000, 43200000, 86400000, 172800000, 604800000],
    bytes: Array.from({length: 14}, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat(),
  };

  // ---------- colours ----------

  const roles = {
    video: '--video', audio: '--audio', accent: '--accent', grid: '--plot-grid', axis: '--plot-axis', select: '--plot-select',
    error: '--error-line', warning: '--warning-line', info: '--info-line', text: '--text', surface: '--surface',
  };
  let colours = null;

  function colour(role) {
    if (!colours) {
      const style = getComputedStyle(document.documentElement);
      colours = {};
      for (const [name, token] of Object.entries(roles)) colours[name] = style.getPropertyValue(token).trim();
    }
    return colours[role];
  }

  function repaint() {
    colours = null;
    for (const plot of plots.values()) plot.u.redraw(false);
  }
  document.addEventListener('themechange', repaint);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);

  // ---------- drawing ----------

  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) {
      for (const plot of plots.values()) {
        if (plot.element === entry.target && entry.contentRect.width > 0) {
          plot.u.setSize({width: entry.contentRect.width, height: HEIGHT});
        }
      }
    }
  });

  // draw waits for uPlot, and until the words of the report have been painted.
  function draw(element, spec) {
    if (!element) return;
    if (queue.size === 0) requestAnimationFrame(() => setTimeout(flush));
    queue.set(element, spec);
  }

  function flush() {
    if (!window.uPlot) return;
    const now = [...queue];
    queue.clear();
    const touched = new Set();
    for (const [element, spec] of now) touched.add(paint(element, typeof spec === 'string' ? JSON.parse(spec) : spec));
    for (const group of touched) setGroup(group, groups.get(group));
    for (const f of after.splice(0)) f();
  }

  function paint(element, spec) {
    const old = plots.get(spec.id);
    if (old && old.spec.file !== spec.file) groups.delete(spec.group);
    if (!spec.x || spec.x.length === 0) {
      if (old) remove(spec.id);
      return spec.group;
    }
    const data = [spec.x, ...spec.series.map((s) => s.values)];
    const full = [spec.x[0], spec.x[spec.x.length - 1]];
    if (full[0] === full[1]) full[1] = full[0] + 1;
    if (old && old.element === element && element.isConnected && shape(old.spec) === shape(spec)) {
      old.spec = spec;
      old.full = full;
      old.u.setData(data, false); // flush sets the scale
      return spec.group;
    }
    if (old) remove(spec.id);
    const plot = {element, spec, full, u: null};
    plots.set(spec.id, plot);
    plot.u = new uPlot(options(plot), data, element);
    plot.readout = document.createElement('p');
    plot.readout.className = 'plot__readout';
    plot.readout.setAttribute('aria-hidden', 'true');
    element.append(plot.readout);
    observer.observe(element);
    element.addEventListener('keydown', keys);
    return spec.group;
  }

  const shape = (spec) => spec.series.map((s) => s.label + s.style).join('|') + spec.yUnit;

  function remove(id) {
    const plot = plots.get(id);
    observer.unobserve(plot.element);
    plot.element.removeEventListener('keydown', keys);
    plot.u.destroy();
    plot.readout.remove();
    plots.delete(id);
  }

  // yRange leaves room above, and does not blow small differences up.
  function yRange(spec) {
    return (u, min, max) => {
      if (min == null) return [0, 1];
      for (const edge of spec().yKeep || []) {
        min = Math.min(min, edge);
        max = Math.max(max, edge);
      }
      const room = (max - min || 1) * 0.08;
      return [min === 0 ? 0 : min - room, max + room];
    };
  }

  function options(plot) {
    const spec = plot.spec;
    const xInc = increments[spec.xUnit];
    const axis = {
      stroke: () => colour('axis'),
      grid: {stroke: () => colour('grid'), width: 1},
      ticks: {stroke: () => colour('grid'), width: 1, size: 4},
      font: '12px system-ui, sans-serif',
    };
    return {
      width: plot.element.clientWidth || 320,
      height: HEIGHT,
      padding: [14, 22, 0, 0],
      legend: {show: false},
      cursor: {
        drag: {x: true, y: false, setScale: false, dist: 6},
        points: {size: 7},
        sync: spec.group === 'bytes' ? undefined : {key: spec.group, setSeries: false},
      },
      select: {show: true},
      scales: {x: {time: false}, y: {range: yRange(() => plot.spec)}},
      axes: [
        {...axis, size: 30, gap: 4, incrs: xInc, space: spec.xUnit === 'at' ? 64 : 72,
          values: (u, ticks, i, space, step) => ticks.map((v) => (spec.xUnit === 'at' ? clock(v, step) : bytes(v)))},
        {...axis, size: 78, gap: 4, space: 34, // one width, so that the plots stand under each other
          incrs: spec.yUnit === 'at' ? increments.at : undefined,
          values: (u, ticks, i, space, step) => ticks.map((v) => (v == null ? '' : spec.yUnit === 'at' ? clock(v, step) : units[spec.yUnit](v)))},
      ],
      series: [{}, ...spec.series.map(line)],
      bands: spec.band ? [{series: spec.band, fill: () => colour('select')}] : undefined,
      hooks: {
        draw: [(u) => { limits(u, plot.spec); markers(u, plot.spec); }],
        setSelect: [(u) => selected(plot, u)],
        setCursor: [(u) => readout(plot, u)],
        ready: [(u) => {
          u.over.addEventListener('click', (e) => clicked(plot, u, e));
          u.over.addEventListener('dblclick', () => zoom('reset'));
        }],
      },
    };
  }

  function line(s) {
    const paths = {
      steps: () => uPlot.paths.stepped({align: 1}),
      line: () => uPlot.paths.linear(),
    };
    return {
      label: s.label,
      stroke: () => colour(s.role),
      width: s.style === 'thin' ? 1 : 1.75,
      dash: s.style === 'thin' ? [4, 3] : undefined,
      paths: (s.style === 'line' ? paths.line : paths.steps)(),
      points: {show: s.points ? (u) => u.data[0].length < 120 : false, size: 5},
    };
  }

  // limits draws the profile's thresholds.
  function limits(u, spec) {
    const {ctx, bbox} = u;
    const ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'bottom';
    for (const l of spec.limits || []) {
      const y = u.valToPos(l.y, 'y', true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(l.severity);
      ctx.lineWidth = ratio;
      ctx.setLineDash([8 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillText(l.text, bbox.left + bbox.width - 2 * ratio, y - 2 * ratio);
    }
    ctx.restore();
  }

  // markers draws a line where each finding is; the dash says how severe it is,
  // beside the colour and the letter.
  const dashes = {error: [], warning: [6, 3], info: [2, 3]};
  const letters = {error: '×', warning: '!', info: 'i'};

  function markers(u, spec) {
    const {ctx, bbox} = u;
    const ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    for (const m of spec.markers || []) {
      const from = u.valToPos(m.x, 'x', true);
      const chosen = m.key === spec.selected;
      if (chosen && m.to > m.x) {
        const a = Math.max(bbox.left, from);
        const b = Math.min(bbox.left + bbox.width, u.valToPos(m.to, 'x', true));
        if (b > a) {
          ctx.fillStyle = colour('select');
          ctx.fillRect(a, bbox.top, b - a, bbox.height);
        }
      }
      if (from < bbox.left - 1 || from > bbox.left + bbox.width + 1) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(m.severity);
      ctx.lineWidth = (chosen ? 3 : 1.25) * ratio;
      ctx.setLineDash(chosen ? [] : dashes[m.severity].map((n) => n * ratio));
      ctx.beginPath();
      ctx.moveTo(from, bbox.top);
      ctx.lineTo(from, bbox.top + bbox.height);
      ctx.stroke();
      const r = (chosen ? 7 : 6) * ratio;
      const y = Math.max(r, bbox.top - r + 2 * ratio);
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.arc(from, y, r, 0, 2 * Math.PI);
      ctx.fill();
      ctx.fillStyle = colour('surface');
      ctx.font = `700 ${Math.round(r * 1.5)}px system-ui, sans-serif`;
      ctx.fillText(letters[m.severity], from, y + 0.5 * ratio);
    }
    ctx.restore();
  }

  function readout(plot, u) {
    const {left, idx} = u.cursor;
    if (!plot.readout) return;
    if (left == null || left < 0 || idx == null) {
      plot.readout.textContent = '';
      return;
    }
    const x = u.data[0][idx];
    const parts = [plot.spec.xUnit === 'at' ? clock(x, 100) : 'byte ' + number(x, 0)];
    plot.spec.series.forEach((s, i) => {
      const v = u.data[i + 1][idx];
      if (v != null) parts.push(`${s.label} ${units[plot.spec.yUnit](v)}`);
    });
    plot.readout.textContent = parts.join('  ·  ');
  }

  function clicked(plot, u, event) {
    const x = event.offsetX;
    let best = null;
    let near = event.pointerType === 'touch' ? 22 : 9;
    for (const m of plot.spec.markers || []) {
      const d = Math.abs(u.valToPos(m.x, 'x') - x);
      if (d < near) {
        near = d;
        best = m;
      }
    }
    if (best && marked) marked(best.key);
  }

  // ---------- zoom ----------

  function scale(plot, [min, max]) {
    plot.u.setScale('x', {min, max});
  }

  function selected(plot, u) {
    const {left, width} = u.select;
    if (busy || width < 4) return;
    const range = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')];
    busy = true;
    u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    busy = false;
    setGroup(plot.spec.group, range);
  }

  function extent(group) {
    let min = Infinity;
    let max = -Infinity;
    for (const plot of plots.values()) {
      if (plot.spec.group !== group) continue;
      min = Math.min(min, plot.full[0]);
      max = Math.max(max, plot.full[1]);
    }
    return [min, max];
  }

  function setGroup(group, range) {
    const [min, max] = extent(group);
    if (!(max > min)) return;
    if (range) {
      const least = group === 'bytes' ? 2000 : 200;
      const wide = Math.min(Math.max(range[1] - range[0], least), max - min);
      const from = Math.min(Math.max(range[0], min), max - wide);
      range = wide >= max - min ? null : [from, from + wide];
    }
    if (range) groups.set(group, range);
    else groups.delete(group);
    for (const plot of plots.values()) {
      if (plot.spec.group === group) scale(plot, range || [min, max]);
    }
  }

  function show(group, at, span) {
    const zoom = () => setGroup(group, [at - span / 2, at + span / 2]);
    if (queue.size > 0) after.push(zoom);
    else zoom();
  }

  function zoom(action) {
    const seen = new Set();
    for (const plot of plots.values()) {
      const group = plot.spec.group;
      if (seen.has(group)) continue;
      seen.add(group);
      if (action === 'reset') {
        setGroup(group, null);
        continue;
      }
      const [min, max] = groups.get(group) || extent(group);
      const wide = max - min;
      const middle = (min + max) / 2;
      switch (action) {
        case 'in': setGroup(group, [middle - wide / 4, middle + wide / 4]); break;
        case 'out': setGroup(group, [middle - wide, middle + wide]); break;
        case 'left': setGroup(group, [min - wide / 4, max - wide / 4]); break;
        case 'right': setGroup(group, [min + wide / 4, max + wide / 4]); break;
      }
    }
  }

  const actions = {'+': 'in', '=': 'in', '-': 'out', ArrowLeft: 'left', ArrowRight: 'right', '0': 'reset', Home: 'reset'};

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    zoom(action);
  }
})();
