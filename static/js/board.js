// The board works without this file: each card has a list of stages and a button. Here cards can be
// dragged too, and a move shows without the page jumping. The server decides: a refusal is shown as
// the page it answers with.
const board = document.querySelector('[data-board]');
const ends = document.querySelector('[data-board-ends]');
const said = document.querySelector('[data-board-said]');
let held = null;

function release() {
  held?.classList.remove('is-held');
  held = null;
  ends?.classList.remove('is-up');
  document.querySelectorAll('[data-stage].is-over').forEach((each) => each.classList.remove('is-over'));
}

function allowed() {
  return held ? [...held.querySelector('select').options].map((option) => option.value) : [];
}

async function move(form, stage) {
  const select = form.elements.stage;
  if (![...select.options].some((option) => option.value === stage)) return;
  select.value = stage;
  const card = form.closest('[data-card]');
  const target = document.querySelector(`[data-stage="${CSS.escape(stage)}"]`);
  const label = target.dataset.label;
  const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'follow' }).catch(() => null);
  const here = location.pathname;
  if (!answer || !answer.ok) return void form.submit();
  if (new URL(answer.url).pathname !== here) return void location.assign(answer.url);
  // What the server says now, with our filters: read the board as it stands.
  const page = await fetch(location.href).then((each) => each.text()).catch(() => '');
  const fresh = new DOMParser().parseFromString(page, 'text/html').querySelector('[data-board]');
  if (!fresh) return void location.reload();
  board.replaceChildren(...fresh.childNodes);
  const moved = document.getElementById(card.id);
  moved?.classList.add('is-moved');
  moved?.querySelector('a')?.focus({ preventScroll: false });
  said.textContent = board.dataset.moved.replace('{title}', card.dataset.title).replace('{stage}', label);
}

if (board && board.querySelector('[data-card][draggable]')) {
  board.addEventListener('dragstart', (event) => {
    held = event.target.closest?.('[data-card]');
    if (!held) return;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', held.dataset.title);
    requestAnimationFrame(() => {
      held?.classList.add('is-held');
      ends?.classList.toggle('is-up', Boolean(held));
      const may = allowed();
      ends?.querySelectorAll('[data-stage]').forEach((each) => { each.hidden = !may.includes(each.dataset.stage); });
    });
  });
  board.addEventListener('dragend', release);
  for (const ground of [board, ends]) {
    ground?.addEventListener('dragover', (event) => {
      const place = event.target.closest('[data-stage]');
      document.querySelectorAll('[data-stage].is-over').forEach((each) => each !== place && each.classList.remove('is-over'));
      if (!place || !allowed().includes(place.dataset.stage)) return;
      event.preventDefault();
      place.classList.add('is-over');
    });
    ground?.addEventListener('drop', (event) => {
      const place = event.target.closest('[data-stage]');
      if (!held || !place) return;
      event.preventDefault();
      const form = held.querySelector('form');
      const { stage } = place.dataset;
      release();
      move(form, stage);
    });
  }
  board.addEventListener('submit', (event) => {
    event.preventDefault();
    event.stopPropagation();
    move(event.target, event.target.elements.stage.value);
  });
}
