// Scales, axes and marks, of which every figure is made.
const SVG = 'http://www.w3.org/2000/svg';
function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

// A figure of so many pixels in a place on the page; `label` is what it says to those who do not see it.
function canvas(place, width, height, label) {
  const made = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label });
  place.replaceChildren(made);
  return made;
}
const widthOf = (place) => Math.max(260, Math.min(1180, printing ? 700 : place.clientWidth));
let printing = false;

function linear(low, high, from, to) {
  const span = high - low || 1;
  const at = (value) => from + ((value - low) / span) * (to - from);
  return Object.assign(at, { ticks: (count) => linearTicks(low, high, count), said: short });
}
function log(low, high, from, to) {
  const inner = linear(Math.log10(low), Math.log10(high), from, to);
  return Object.assign((value) => inner(Math.log10(value)), { ticks: (count) => logTicks(low, high, count), said: short });
}
function names(list, from, to) {
  const step = (to - from) / Math.max(1, list.length);
  const at = (value) => from + step * (list.indexOf(String(value)) + 0.5);
  return Object.assign(at, { ticks: () => list, said: (name) => name, step: Math.abs(step) });
}
function linearTicks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((part) => part * power).find((part) => part >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const ticks = [];
  for (let k = first; k * step <= high + step * 1e-9; k += 1) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}
function logTicks(low, high, count) {
  const decades = Math.log10(high / low);
  const parts = [[1, 2, 5], [1, 3], [1]].find((each) => each.length * decades <= count) || [1];
  const every = Math.max(1, Math.ceil(decades / count));
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += every)
    for (const part of parts) if (part * 10 ** power >= low * 0.999 && part * 10 ** power <= high * 1.001) ticks.push(Number((part * 10 ** power).toPrecision(6)));
  return ticks.length ? ticks : [low, high];
}

// The scale of a searched parameter, from one place to another.
function scaleOf(axis, from, to) {
  if (axis.scale === 'names') return names(axis.names, from, to);
  return axis.scale === 'log' ? log(axis.low, axis.high, from, to) : linear(axis.low, axis.high, from, to);
}
// The ends of values, a little wider; `most` cuts what towers above the rest off.
function ends(values, most) {
  const sorted = values.filter(finite).sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  const low = sorted[0];
  const usual = sorted[Math.floor((sorted.length - 1) * (most || 1))];
  const last = sorted[sorted.length - 1];
  const high = most && last - low > 2 * (usual - low) && usual > low ? usual : last;
  const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 0.05;
  return [low - room, high + room];
}

function leftAxis(to, scale, left, right, label) {
  for (const tick of scale.ticks(6)) {
    const y = scale(tick);
    to.append(svg('line', { class: 'grid', x1: left, x2: right, y1: y, y2: y }), svg('text', { class: 'quiet', x: left - 6, y: y + 4, 'text-anchor': 'end' }, scale.said(tick)));
  }
  if (label) to.append(svg('text', { x: 2, y: 11 }, label));
}
function bottomAxis(to, scale, top, bottom, label, right, most) {
  for (const tick of scale.ticks(most || 8)) to.append(svg('text', { class: 'quiet', x: scale(tick), y: bottom + 16, 'text-anchor': 'middle' }, scale.said(tick)));
  to.append(svg('line', { class: 'axis', x1: scale.left, x2: right, y1: bottom, y2: bottom }));
  if (label) to.append(svg('text', { x: right, y: bottom + 32, 'text-anchor': 'end' }, label));
}
// A text that is cut to fit into so many pixels.
const fitted = (text, room) => (text.length * 6.6 <= room ? text : `${text.slice(0, Math.max(1, Math.floor(room / 6.6) - 1))}…`);

// What every mark of a trial has: by it filters, choice and tips find it.
function markOf(trial, kind) {
  const stopped = isComplete(trial) ? '' : ' stopped';
  const lead = trial.number === data.best ? ' lead' : '';
  const chosen = trial.number === state.chosen ? ' chosen' : '';
  const out = state.shown.has(trial.number) ? '' : ' out';
  return { class: `${kind}${stopped}${lead}${chosen}${out}`, 'data-trial': trial.number };
}
const numComplete = trials.filter(isComplete).length;
const shade = (trial) => (isComplete(trial) ? `line q${Math.min(4, Math.floor((5 * (trial.rank - 1)) / Math.max(1, numComplete)))}` : 'line');
// The best are drawn last, over the others, then the leader, then the chosen one.
const inFront = (trial) => (trial.number === state.chosen ? 3 : trial.number === data.best ? 2 : isComplete(trial) ? 1 - trial.rank / 1e6 : 0);
const backToFront = (list) => [...list].sort((a, b) => inFront(a) - inFront(b));
