// What the page holds, and which trials are shown and chosen. Nothing here makes markup out of text.
const data = JSON.parse(document.getElementById('data').textContent);
const trials = data.trials;
const byNumber = new Map(trials.map((trial) => [trial.number, trial]));
const state = { chosen: data.best === null && trials.length ? trials[0].number : data.best, shown: new Set(byNumber.keys()) };

const isComplete = (trial) => trial.state === 'complete';
const isFaulty = (trial) => !['complete', 'pruned', 'running', 'waiting'].includes(trial.state);
const byId = (id) => document.getElementById(id);
const finite = (value) => typeof value === 'number' && Number.isFinite(value);

// A score with three digits, a parameter as short as it can be said.
const score = (value) => (finite(value) ? value.toFixed(3) : '–');
function short(value) {
  if (!finite(value)) return value === null || value === undefined ? '–' : String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e4 || size < 1e-3) return value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e');
  return String(Number(value.toPrecision(3)));
}
const interval = (trial) => (trial.interval ? `${score(trial.interval[0])} to ${score(trial.interval[1])}` : 'none');
function described(trial) {
  const value = trial.value === null ? '' : `\n${data.metric} ${score(trial.value)}`;
  const around = trial.interval ? `, 95 % interval ${interval(trial)}` : '';
  const n = trial.n ? `, n = ${trial.n}` : '';
  return `trial ${trial.number}, ${trial.outcome}${trial.rank ? `, rank ${trial.rank}` : ''}${value}${around}${n}`;
}

// An HTML element; children are elements or texts.
function html(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value !== null && value !== false) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}
