// Parameters against the objective: all at once, and one at a time.
function drawParallel(place) {
  const axes = [...data.axes.map((axis, at) => ({ axis, value: (trial) => trial.at[at] })), { axis: null, value: (trial) => trial.value }];
  const width = Math.max(widthOf(place), printing ? 0 : axes.length * 72 + 40);
  const [height, top, bottom] = [360, 40, 324];
  const drawn = trials.filter((trial) => finite(trial.value));
  const to = canvas(place, width, height, `Parallel coordinates of ${drawn.length} trials over ${axes.map((each) => (each.axis ? each.axis.short : data.metric)).join(', ')}`);
  const step = (width - 130) / Math.max(1, axes.length - 1);
  axes.forEach((each, at) => {
    each.x = 64 + step * at;
    each.scale = each.axis ? scaleOf(each.axis, bottom, top) : linear(...ends(drawn.map((trial) => trial.value)), bottom, top);
  });
  const labels = svg('g');
  for (const { axis, x, scale } of axes) {
    const name = axis ? axis.short : data.metric;
    labels.append(svg('line', { class: 'axis', x1: x, x2: x, y1: top, y2: bottom }));
    labels.append(svg('text', { x, y: 18, 'text-anchor': 'middle' }, fitted(name, step || 200), svg('title', {}, axis ? axis.name : data.metric)));
    const side = axis ? { x: x - 5, 'text-anchor': 'end' } : { x: x + 5 };
    for (const tick of thinned(scale, bottom - top)) labels.append(svg('text', { class: 'quiet over', ...side, y: scale(tick) + 4 }, fitted(scale.said(tick), step ? step - 8 : 90)));
  }
  for (const trial of backToFront(drawn)) to.append(svg('path', { ...markOf(trial, shade(trial)), d: parallelPath(trial, axes) }));
  to.append(labels);
}
// A trial that lacks a parameter passes its axis by below it.
function parallelPath(trial, axes) {
  const points = axes.map(({ x, scale, value }) => {
    const found = value(trial);
    const y = found === null || found === undefined ? 342 : scale(found);
    return `${x.toFixed(1)},${(Number.isFinite(y) ? y : 342).toFixed(1)}`;
  });
  return `M${points.join('L')}`;
}
function thinned(scale, room) {
  const ticks = scale.ticks(6);
  const every = Math.ceil((ticks.length * 15) / room);
  return ticks.filter((tick, place) => place % every === 0);
}

function drawSlices(place) {
  const cells = data.axes.map(() => html('div', {}));
  place.replaceChildren(...cells);
  data.axes.forEach((axis, at) => drawSlice(cells[at], axis, (trial) => trial.at[at]));
}
function drawSlice(place, axis, value) {
  const drawn = trials.filter((trial) => finite(trial.value) && value(trial) !== null && value(trial) !== undefined);
  const [width, height] = [Math.max(220, Math.min(420, place.clientWidth)), 210];
  const [left, right, top, bottom] = [42, width - 8, 22, height - 42];
  const to = canvas(place, width, height, `${data.metric} against ${axis.name} of ${drawn.length} trials`);
  const y = linear(...ends(trials.map((trial) => trial.value)), bottom, top);
  const x = Object.assign(scaleOf(axis, left + 8, right - 8), { left });
  leftAxis(to, y, left, right, '');
  to.append(svg('text', { x: left, y: 12 }, fitted(axis.short, right - left), svg('title', {}, axis.name)), svg('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }));
  const ticks = axis.scale === 'names' ? axis.names : x.ticks(4);
  const isTight = axis.scale === 'names' && ticks.some((tick) => tick.length * 6.6 > x.step - 4);
  ticks.forEach((tick, turn) => {
    const room = axis.scale === 'names' ? x.step * (isTight ? 1.9 : 1) : 90;
    const below = isTight && turn % 2 ? 13 : 0;
    to.append(svg('text', { class: 'quiet', x: x(tick), y: bottom + 15 + below, 'text-anchor': 'middle' }, fitted(x.said(tick), room), svg('title', {}, x.said(tick))));
  });
  for (const trial of backToFront(drawn)) to.append(svg('circle', { ...markOf(trial, 'dot'), cx: x(value(trial)) + beside(trial, x.step), cy: y(trial.value), r: 3.4 }));
}
// Marks of one name stand beside each other, each always at its place.
const beside = (trial, step) => (step ? (((trial.number * 0.618034) % 1) - 0.5) * Math.min(step * 0.6, 46) : 0);
