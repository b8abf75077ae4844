// One trial: its score, its settings, its classes; chosen by its number wherever that stands.
function facts(trial) {
  const list = [
    ['outcome', trial.outcome],
    ['rank', trial.rank === null ? 'none' : `${trial.rank} of ${numComplete}`],
    ...(data.ranks[trial.number] ? [['rank may be', [...new Set(data.ranks[trial.number])].join(' to ')]] : []),
    [isComplete(trial) ? data.metric : `${data.metric} so far`, score(trial.value)],
    ['95 % interval', trial.value === null ? 'none: it has no value' : interval(trial)],
    ['n', trial.n || '–'],
    ...Object.entries(trial.metrics).filter(([name]) => name.startsWith('val/') && name !== data.metric).map(([name, value]) => [name, score(value)]),
    ['epoch that counts', trial.best || '–'],
    ['epochs', `${trial.epochs} of ${trial.asked}`],
  ];
  if (trial.folds.length) list.push(['folds', trial.folds.map(score).join(', ')]);
  list.push(['recipe', trial.recipe], ['folder', trial.folder]);
  if (trial.reason) list.push(['reason', trial.reason]);
  if (trial.message) list.push(['message', trial.message]);
  return list;
}
// Names of parameters may be long and are folded, the words of `facts` are not.
function pairs(caption, head, list, kind) {
  const body = list.map(([name, value]) => html('tr', {}, html('th', { scope: 'row' }, name), html('td', { class: 'num' }, value)));
  const heads = html('tr', {}, ...head.map((name, place) => html('th', { scope: 'col', class: place ? 'num' : null }, name)));
  return html('table', { class: kind || null }, html('caption', {}, caption), html('thead', {}, heads), html('tbody', {}, ...body));
}
function recallTable(trial) {
  if (!trial.confusion.length) return null;
  const classes = data.classes[trial.classes];
  const made = trial.confusion.map((row, place) => {
    const n = row.reduce((sum, count) => sum + count, 0);
    const [low, high] = trial.recalls[place];
    return html('tr', {}, html('th', { scope: 'row' }, classes[place]), html('td', { class: 'num' }, n ? score(row[place] / n) : '–'), html('td', { class: 'num' }, `${score(low)} to ${score(high)}`), html('td', { class: 'num' }, n));
  });
  const heads = ['class', 'recall', '95 % interval', 'n'].map((name, place) => html('th', { scope: 'col', class: place ? 'num' : null }, name));
  return html('table', {}, html('caption', {}, 'Recall by class, Wilson’s interval'), html('thead', {}, html('tr', {}, ...heads)), html('tbody', {}, ...made));
}
function showMatrix(trial) {
  const matrix = byId('matrix');
  if (!matrix) return;
  const why = trial.classes === null ? 'it finished no epoch that counts' : 'the page holds those of the best trials alone';
  byId('confusion-note').textContent = trial.confusion.length ? '' : `Trial ${trial.number} has no matrix here: ${why}.`;
  if (!trial.confusion.length) return;
  const classes = data.classes[trial.classes];
  byId('confusion-of').textContent = trial.number;
  const head = html('tr', {}, html('th', { scope: 'col' }, 'truth'), ...[...classes, 'recall', '95 % interval', 'n'].map((name) => html('th', { scope: 'col', class: 'num' }, name)));
  const body = trial.confusion.map((row, place) => {
    const n = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, column) => html('td', { class: `num heat h${n ? Math.round((9 * count) / n) : 0}${column === place ? ' right' : ''}` }, count));
    const [low, high] = trial.recalls[place];
    return html('tr', {}, html('th', { scope: 'row' }, classes[place]), ...cells, html('td', { class: 'num strong' }, score(n ? row[place] / n : 0)), html('td', { class: 'num' }, `${score(low)} to ${score(high)}`), html('td', { class: 'num' }, n));
  });
  matrix.tHead.replaceChildren(head);
  matrix.tBodies[0].replaceChildren(...body);
}
function showDetail() {
  const trial = byNumber.get(state.chosen);
  if (!trial) return;
  const settings = Object.entries(trial.params).map(([name, value]) => [name, short(value)]);
  const tables = [pairs(`Trial ${trial.number}`, ['what', 'value'], facts(trial)), settings.length ? pairs('What was searched', ['parameter', 'value'], settings, 'named') : null, recallTable(trial)];
  byId('detail').replaceChildren(...tables.filter(Boolean));
  byId('chosen').value = String(trial.number);
  const place = trials.indexOf(trial);
  byId('previous').disabled = place === 0;
  byId('next').disabled = place === trials.length - 1;
  showMatrix(trial);
}
// `goThere` moves to the trial's own part of the page.
function choose(number, goThere) {
  if (!byNumber.has(number)) return;
  state.chosen = number;
  for (const row of rows) row.classList.toggle('chosen', Number(row.dataset.trial) === number);
  showDetail();
  markChosen();
  if (goThere) byId('trial').scrollIntoView({ block: 'start' });
}
function startDetail() {
  if (!byId('chosen')) return;
  byId('chosen').addEventListener('change', (event) => choose(Number(event.target.value)));
  const step = (by) => () => choose(trials[trials.indexOf(byNumber.get(state.chosen)) + by].number);
  byId('previous').addEventListener('click', step(-1));
  byId('next').addEventListener('click', step(1));
}
