// The leaderboard: sorting by its headings, and the filter that figures follow.
const board = byId('board');
const rows = board ? [...board.tBodies[0].rows] : [];
const heads = board ? [...board.tHead.rows[0].cells] : [];
const getters = {
  rank: (trial) => trial.rank,
  number: (trial) => trial.number,
  outcome: (trial) => trial.outcome,
  score: (trial) => (isComplete(trial) ? trial.value : null),
  low: (trial) => (trial.interval ? trial.interval[0] : null),
  n: (trial) => trial.n || null,
  lowest: (trial) => (data.ranks[trial.number] || [null, null])[1],
  so_far: (trial) => (isComplete(trial) ? null : trial.value),
  accuracy: (trial) => trial.metrics['val/accuracy'],
  best: (trial) => trial.best || null,
  epochs: (trial) => trial.epochs,
  seconds: (trial) => trial.seconds || null,
  recipe: (trial) => trial.recipe,
};
const paramOf = (name) => (trial) => (Object.prototype.hasOwnProperty.call(trial.params, name) ? trial.params[name] : null);
function getter(key) {
  return key.startsWith('param:') ? paramOf(key.slice(6)) : getters[key];
}
const trialOf = (row) => byNumber.get(Number(row.dataset.trial));

function compare(a, b) {
  if (finite(a) && finite(b)) return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}
// Rows without a value come last whichever way the others run.
function sortBy(head, direction) {
  const value = getter(head.dataset.key);
  const sign = direction === 'descending' ? -1 : 1;
  const known = (trial) => value(trial) !== null && value(trial) !== undefined;
  const order = (a, b) => {
    const [x, y] = [trialOf(a), trialOf(b)];
    if (known(x) !== known(y)) return known(x) ? -1 : 1;
    return (known(x) ? sign * compare(value(x), value(y)) : 0) || x.number - y.number;
  };
  rows.sort(order);
  board.tBodies[0].append(...rows);
  for (const other of heads) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', direction);
  hideBeyondPrint();
}
function nextDirection(head) {
  const now = head.getAttribute('aria-sort');
  if (now) return now === 'ascending' ? 'descending' : 'ascending';
  return head.dataset.better === 'max' ? 'descending' : 'ascending';
}
function makeSortable() {
  for (const head of heads) {
    const button = html('button', { type: 'button' }, ...head.childNodes);
    button.addEventListener('click', () => sortBy(head, nextDirection(head)));
    head.button = button;
    head.replaceChildren(button);
  }
  for (const row of rows) {
    const number = row.cells[1];
    const button = html('button', { type: 'button', 'aria-label': `Trial ${row.dataset.trial}: show it` }, ...number.childNodes);
    button.addEventListener('click', () => choose(Number(row.dataset.trial), true));
    number.replaceChildren(button);
  }
}

// A word, or a comparison such as lr<1e-3 with a column by its heading or a parameter by its whole name.
function test(word) {
  const parts = word.match(/^([^<>=!]+)(<=|>=|!=|<|>|=)(.+)$/);
  const value = parts && valueCalled(parts[1].toLowerCase());
  if (!value) return (trial, text) => text.includes(word.toLowerCase());
  const wanted = parts[3].toLowerCase();
  const number = Number(wanted);
  return (trial) => {
    const found = value(trial);
    if (found === null || found === undefined) return parts[2] === '!=';
    const isNumber = finite(found) && wanted !== '' && !Number.isNaN(number);
    const order = isNumber ? found - number : compare(String(found).toLowerCase(), wanted);
    const same = isNumber ? Math.abs(order) <= 1e-9 * Math.abs(number) || short(found) === short(number) : order === 0;
    return { '=': same, '!=': !same, '<': order < 0 && !same, '>': order > 0 && !same, '<=': order < 0 || same, '>=': order > 0 || same }[parts[2]];
  };
}
function valueCalled(name) {
  const axis = data.axes.find((each) => [each.name.toLowerCase(), each.short.toLowerCase()].includes(name));
  if (axis) return paramOf(axis.name);
  if (name === data.metric.toLowerCase() || name === 'score') return (trial) => trial.value;
  if (name === 'trial') return getters.number;
  return Object.prototype.hasOwnProperty.call(getters, name) ? getters[name] : null;
}
function applyFilter() {
  const tests = byId('filter').value.trim().split(/\s+/).filter(Boolean).map(test);
  const outcomes = new Set([...document.querySelectorAll('input[name="outcome"]:checked')].map((box) => box.value));
  state.shown.clear();
  for (const row of rows) {
    const trial = trialOf(row);
    const holds = outcomes.has(trial.outcome) && tests.every((each) => each(trial, row.textContent.toLowerCase()));
    row.hidden = !holds;
    if (holds) state.shown.add(trial.number);
  }
  byId('shown').textContent = state.shown.size === trials.length ? `${trials.length} trials` : `${state.shown.size} of ${trials.length} trials`;
  for (const mark of document.querySelectorAll('svg [data-trial]')) mark.classList.toggle('out', !state.shown.has(Number(mark.dataset.trial)));
  hideBeyondPrint();
}
// A browser repeats a head on each printed page, but not the buttons in it: there it has their words.
function plainHeads() {
  for (const head of heads) head.replaceChildren(...head.button.childNodes);
}
function sortableHeads() {
  for (const head of heads) {
    if (!head.contains(head.button)) head.button.replaceChildren(...head.childNodes);
    head.replaceChildren(head.button);
  }
}
// A print has the first rows alone, and says so.
const MOST_PRINTED = 40;
function hideBeyondPrint() {
  const shown = rows.filter((row) => !row.hidden);
  rows.filter((row) => row.hidden).forEach((row) => board.tBodies[0].append(row));
  byId('print-rows').textContent = shown.length > MOST_PRINTED ? `The first ${MOST_PRINTED} of ${shown.length} rows are printed.` : '';
}
function startTable() {
  if (!board) return;
  makeSortable();
  heads[0].setAttribute('aria-sort', 'ascending');
  byId('filter').addEventListener('input', applyFilter);
  byId('filters').addEventListener('change', applyFilter);
  byId('filters').addEventListener('submit', (event) => event.preventDefault());
  byId('show-all').addEventListener('click', () => {
    byId('filters').reset();
    applyFilter();
  });
  hideBeyondPrint();
}
