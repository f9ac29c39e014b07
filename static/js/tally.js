// Sums while typing: the server adds up what the form holds, storing nothing, and its figures replace those on the page.
// Without this the button "Add up" does the same.
const form = document.querySelector("[data-tally]").closest("form");
let waiting, asked = 0;

async function addUp() {
  const turn = ++asked;
  const data = new FormData(form);
  data.set("count", "1");
  const answer = await fetch(location.href, { method: "POST", body: data });
  if (turn !== asked || !answer.ok) return; // something newer was typed, or signed out: the figures stay
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const place of form.querySelectorAll("[data-tally]")) {
    const fresh = page.querySelector(`[data-tally="${place.dataset.tally}"]`);
    if (fresh) place.replaceChildren(...fresh.childNodes);
  }
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => addUp().catch(() => {}), 400);
});
