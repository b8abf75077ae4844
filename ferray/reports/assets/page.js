// Putting it together: what is drawn where, tips, colours, print, and the trial that an address names.
const FIGURES = [
  ['figure-budget', drawBudget],
  ['figure-search', drawSearch],
  ['figure-curves', drawCurves],
  ['figure-parallel', drawParallel],
  ['figure-slices', drawSlices],
  ['figure-pruning', drawPruning],
  ['figure-survival', drawSurvival],
];
function drawAll() {
  if (!trials.length) return;
  for (const [id] of FIGURES) redraw(id);
}
// A figure that fails says so in its place, and the others are drawn.
function redraw(id) {
  const place = byId(id);
  if (!place) return;
  try {
    FIGURES.find((figure) => figure[0] === id)[1](place);
  } catch (error) {
    place.textContent = `This figure could not be drawn: ${error.message}`;
    console.error(error);
  }
}
// What is said of the chosen trial alone is drawn anew; elsewhere its mark changes its look and comes to the front.
function markChosen() {
  for (const mark of document.querySelectorAll('svg .chosen')) mark.classList.remove('chosen');
  for (const mark of document.querySelectorAll(`svg [data-trial="${state.chosen}"]`)) {
    mark.classList.add('chosen');
    if (mark.matches('circle, path.line')) mark.parentNode.insertBefore(mark, mark.parentNode.querySelector('g'));
  }
  redraw('figure-search');
  redraw('figure-curves');
}

function startTips() {
  const tip = byId('tip');
  const marked = (event) => (event.target.closest ? event.target.closest('svg [data-trial]') : null);
  document.addEventListener('mousemove', (event) => {
    const mark = marked(event);
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = described(byNumber.get(Number(mark.dataset.trial)));
    const x = Math.min(event.pageX + 14, window.scrollX + document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(4, x)}px`;
    tip.style.top = `${event.pageY + 16}px`;
  });
  document.addEventListener('click', (event) => {
    const mark = marked(event);
    if (mark) choose(Number(mark.dataset.trial), false);
  });
}

// The scheme is remembered where the browser lets a file do so.
function startScheme() {
  const select = byId('scheme');
  const apply = () => {
    if (select.value) document.documentElement.dataset.scheme = select.value;
    else delete document.documentElement.dataset.scheme;
  };
  try {
    select.value = localStorage.getItem('ferray-scheme') || '';
  } catch (refused) {
    select.value = '';
  }
  select.addEventListener('change', () => {
    apply();
    try {
      localStorage.setItem('ferray-scheme', select.value);
    } catch (refused) {
      // A file that may not remember it asks again next time.
    }
  });
  apply();
}

function startPrinting() {
  window.addEventListener('beforeprint', () => {
    printing = true;
    plainHeads();
    drawAll();
  });
  window.addEventListener('afterprint', () => {
    printing = false;
    sortableHeads();
    drawAll();
  });
}
function startResizing() {
  let width = document.documentElement.clientWidth;
  let asked = 0;
  window.addEventListener('resize', () => {
    if (printing || width === document.documentElement.clientWidth) return;
    width = document.documentElement.clientWidth;
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(drawAll);
  });
}
function numberInAddress() {
  const found = location.hash.match(/^#trial-(\d+)$/);
  return found ? Number(found[1]) : null;
}

startScheme();
startTable();
startDetail();
startTips();
startPrinting();
startResizing();
if (byId('curve-of')) byId('curve-of').addEventListener('change', () => redraw('figure-curves'));
drawAll();
if (state.chosen !== null) choose(state.chosen, false);
if (numberInAddress() !== null) choose(numberInAddress(), true);
window.addEventListener('hashchange', () => choose(numberInAddress(), true));
