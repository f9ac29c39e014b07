// A page that waits for news looks again by itself, and is shown anew only where there is some: who reads, listens or
// tabs through it keeps their place. Without script the browser loads it again at each look.
const told = (page) => page.querySelector("main").textContent.replace(/\s+/g, " ");
const until = (page) => page.querySelector("meta[name=look-again]")?.content;
const before = told(document);

function later(seconds) {
  if (seconds) setTimeout(look, seconds * 1000, seconds);
}

async function look(seconds) {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) {
    later(seconds);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.redirected) location.replace(answer.url);
  else if (told(page) !== before) location.reload();
  else later(until(page));
}

later(until(document));
