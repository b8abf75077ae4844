// The search, the curves, and who was pruned when.
function drawSearch(place) {
  const [width, height] = [widthOf(place), 300];
  const [left, right, top, bottom] = [46, width - 8, 22, height - 40];
  const scored = trials.filter((trial) => finite(trial.value));
  const to = canvas(place, width, height, `${data.metric} of ${scored.length} trials in the order in which they were proposed`);
  const chosen = byNumber.get(state.chosen);
  const around = (chosen && chosen.interval) || [];
  const y = linear(...ends([...scored.map((trial) => trial.value), ...around]), bottom, top);
  const x = Object.assign(linear(0, Math.max(1, ...trials.map((trial) => trial.number)), left + 6, right - 6), { left });
  leftAxis(to, y, left, right, data.metric);
  bottomAxis(to, Object.assign(x, { ticks: () => linearTicks(0, Math.max(1, trials.length - 1), 8).filter(Number.isInteger) }), top, bottom, 'trial', right);
  let best = null;
  const steps = [];
  for (const trial of [...scored].filter(isComplete).sort((a, b) => a.number - b.number)) {
    const better = best === null || (data.mode === 'max' ? trial.value > best : trial.value < best);
    if (better) {
      if (best !== null) steps.push([x(trial.number), y(best)]);
      best = trial.value;
      steps.push([x(trial.number), y(best)]);
    }
  }
  if (best !== null) to.append(svg('polyline', { class: 'running-best', points: [...steps, [right, y(best)]].map((point) => point.join(',')).join(' ') }));
  if (around.length && finite(chosen.value)) {
    const at = x(chosen.number);
    to.append(svg('line', { class: 'whisker', x1: at, x2: at, y1: Math.max(top, y(chosen.interval[1])), y2: Math.min(bottom, y(chosen.interval[0])) }));
  }
  for (const trial of backToFront(scored)) to.append(svg('circle', { ...markOf(trial, 'dot'), cx: x(trial.number), cy: y(trial.value), r: 4 }));
}

// What the best of fewer trials would have been, with the band of its orders.
function drawBudget(place) {
  const [width, height] = [Math.min(760, widthOf(place)), 240];
  const [left, right, top, bottom] = [46, width - 16, 22, height - 40];
  const points = data.budgets;
  const to = canvas(place, width, height, `Expected best ${data.metric} of 1 to ${points[points.length - 1][0]} trials`);
  const y = linear(...ends(points.flatMap((point) => point.slice(1))), bottom, top);
  const x = Object.assign(log(1, points[points.length - 1][0], left, right), { left });
  leftAxis(to, y, left, right, data.metric);
  bottomAxis(to, Object.assign(x, { ticks: () => points.map((point) => point[0]).filter((budget, at) => at === points.length - 1 || x(budget) < right - 30) }), top, bottom, 'trials', right);
  const line = (at) => points.map((point) => `${x(point[0]).toFixed(1)},${y(point[at]).toFixed(1)}`);
  to.append(svg('polygon', { class: 'band', points: [...line(3), ...line(2).reverse()].join(' ') }));
  to.append(svg('polyline', { class: 'line q0', points: line(1).join(' ') }));
}

// A training's line; it is broken where a fold ends or a value is missing.
function linePath(curve, values, x, y) {
  const starts = new Set(curve.starts);
  let path = '';
  let isUp = true;
  values.forEach((value, place) => {
    if (starts.has(place)) isUp = true;
    if (!finite(value)) isUp = true;
    else {
      path += `${isUp ? 'M' : 'L'}${x(curve.epoch[place]).toFixed(1)},${y(value).toFixed(1)}`;
      isUp = false;
    }
  });
  return path;
}
function drawCurves(place) {
  const kind = byId('curve-of').value;
  const name = { value: data.metric, val_loss: 'val/loss', train_loss: 'train/loss' }[kind];
  const drawn = backToFront(trials.filter((trial) => data.curves[trial.number] && data.curves[trial.number][kind].some(finite)));
  const isLeft = state.chosen !== null && !data.curves[state.chosen];
  byId('curves-note').textContent = isLeft ? `Trial ${state.chosen} has no line here.` : '';
  const [width, height] = [widthOf(place), 380];
  const [left, right, top, bottom] = [46, width - 8, 22, height - 40];
  const to = canvas(place, width, height, `${name} by epoch, a line for each of ${drawn.length} trials`);
  if (!drawn.length) {
    to.append(svg('text', { x: 8, y: 30 }, `No trial has an epoch with ${name} in its folder.`));
    return;
  }
  const isLoss = name.endsWith('loss');
  const all = drawn.flatMap((trial) => data.curves[trial.number][kind]);
  const [low, high] = ends(all, isLoss ? 0.97 : undefined);
  const y = linear(low, high, bottom, top);
  const last = Math.max(...drawn.map((trial) => Math.max(...data.curves[trial.number].epoch)));
  const x = Object.assign(linear(1, Math.max(2, last), left + 4, right - 8), { left });
  leftAxis(to, y, left, right, name);
  bottomAxis(to, Object.assign(x, { ticks: () => linearTicks(1, Math.max(2, last), 8).filter(Number.isInteger) }), top, bottom, 'epoch', right);
  if (all.some((value) => finite(value) && value > high)) to.append(svg('text', { class: 'quiet', x: right, y: 11, 'text-anchor': 'end' }, `values above ${short(high)} are cut off`));
  const clip = svg('clipPath', { id: 'curve-area' }, svg('rect', { x: left, y: top - 4, width: right - left, height: bottom - top + 8 }));
  const lines = svg('g', { 'clip-path': 'url(#curve-area)' });
  for (const trial of drawn) {
    const curve = data.curves[trial.number];
    lines.append(svg('path', { ...markOf(trial, shade(trial)), d: linePath(curve, curve[kind], x, y) }));
    const end = curve.epoch.length - 1;
    if ([data.best, state.chosen].includes(trial.number) && finite(curve[kind][end])) {
      const near = x(curve.epoch[end]) > right - 70;
      to.append(svg('text', { ...markOf(trial, 'over named'), x: x(curve.epoch[end]) + (near ? 0 : 6), y: y(curve[kind][end]) - (near ? 8 : -4), 'text-anchor': near ? 'end' : 'start' }, `trial ${trial.number}`));
    }
    if (!isComplete(trial) && trial.state !== 'running' && finite(curve[kind][end])) {
      const [a, b] = [x(curve.epoch[end]), y(curve[kind][end])];
      lines.append(svg('path', { ...markOf(trial, 'end'), d: `M${a - 3},${b - 3}l6,6m0,-6l-6,6` }));
    }
  }
  to.prepend(clip, lines);
}

function drawPruning(place) {
  const ordered = [...trials].sort((a, b) => a.number - b.number).filter((trial) => trial.asked);
  const [width, height] = [widthOf(place), 240];
  const [left, right, top, bottom] = [46, width - 8, 22, height - 40];
  const to = canvas(place, width, height, `Epochs that ${ordered.length} trials asked for and were given`);
  const most = Math.max(...ordered.map((trial) => trial.asked));
  const y = linear(0, most, bottom, top);
  leftAxis(to, Object.assign(y, { ticks: () => linearTicks(0, most, 5).filter(Number.isInteger) }), left, right, 'epochs');
  const count = Math.max(...ordered.map((trial) => trial.number)) + 1;
  const step = (right - left) / count;
  const wide = Math.max(0.8, Math.min(18, step * 0.76));
  const x = Object.assign((number) => left + step * (number + 0.5), { left, ticks: () => linearTicks(0, count - 1, 8).filter(Number.isInteger), said: short });
  bottomAxis(to, x, top, bottom, 'trial', right);
  for (const trial of ordered) {
    const at = x(trial.number) - wide / 2;
    const kind = isFaulty(trial) ? 'given faulty' : 'given';
    const base = { x: at, width: wide };
    to.append(svg('rect', { ...markOf(trial, 'asked'), ...base, y: y(trial.asked), height: bottom - y(trial.asked) }));
    if (trial.epochs) to.append(svg('rect', { ...markOf(trial, kind), ...base, y: y(trial.epochs), height: bottom - y(trial.epochs) }));
    if (isFaulty(trial)) to.append(svg('path', { ...markOf(trial, 'end faulty'), d: `M${x(trial.number) - 3},${y(trial.epochs) - 10}l6,6m0,-6l-6,6` }));
  }
}
function drawSurvival(place) {
  const ended = trials.filter((trial) => ['complete', 'pruned'].includes(trial.state) && trial.asked);
  const [width, height] = [widthOf(place), 200];
  const [left, right, top, bottom] = [46, width - 8, 22, height - 40];
  const to = canvas(place, width, height, `Share of ${ended.length} trials still in training by the fraction of their epochs`);
  const percent = (value) => `${Math.round(100 * value)} %`;
  const y = Object.assign(linear(0, 1, bottom, top), { said: percent });
  const x = Object.assign(linear(0, 1, left, right - 16), { left, said: percent });
  leftAxis(to, y, left, right, `still in training, n = ${ended.length}`);
  bottomAxis(to, x, top, bottom, 'of their own epochs', right, 5);
  const stops = ended.map((trial) => (isComplete(trial) ? 2 : trial.epochs / trial.asked)).sort((a, b) => a - b);
  const points = [[x(0), y(1)]];
  let left_in = stops.length;
  for (const stop of stops.filter((each) => each <= 1)) {
    points.push([x(stop), y(left_in / stops.length)]);
    left_in -= 1;
    points.push([x(stop), y(left_in / stops.length)]);
  }
  points.push([x(1), y(left_in / stops.length)], [x(1), y(0)], [x(0), y(0)]);
  to.append(svg('polygon', { class: 'area', points: points.map((point) => point.join(',')).join(' ') }));
}
