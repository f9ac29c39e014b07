// Small comforts for staff pages. Everything works without it.

const finder = document.querySelector("[data-finder]");

document.addEventListener("keydown", (event) => {
  if (!finder) return;
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  const ctrlK = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (slash || ctrlK) {
    event.preventDefault();
    const input = finder.querySelector("input");
    input.focus();
    input.select();
  }
});

// One letter presses the button or enters the field that names it, where a page offers that.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const place = document.querySelector(`[data-key~="${CSS.escape(event.key.toLowerCase())}"]`);
  const target = place && place.querySelector("input:not([type=hidden]), button, summary, a");
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) {
    target.focus();
    target.select();
  } else target.click();
});

// Menus and questions close by Escape, by a click elsewhere, and when another opens.
const menus = () => document.querySelectorAll("[data-menu][open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Suggestions while typing: the server answers a list of links.
if (finder && finder.dataset.suggest) {
  const input = finder.querySelector("input");
  const found = finder.querySelector("[data-found]");
  let waiting = 0;
  let asked = null;
  const show = (html) => {
    found.innerHTML = html;
    found.hidden = !html.trim();
  };
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    const words = input.value.trim();
    if (words.length < 2) return show("");
    waiting = setTimeout(async () => {
      if (asked) asked.abort();
      asked = new AbortController();
      try {
        const url = `${finder.dataset.suggest}?${new URLSearchParams({ q: words })}`;
        const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html" } });
        if (answer.ok && input.value.trim() === words) show(await answer.text());
      } catch (error) {
        if (error.name !== "AbortError") show("");
      }
    }, 120);
  });
  finder.addEventListener("keydown", (event) => {
    const links = [...found.querySelectorAll("a")];
    if (event.key === "Escape") {
      show("");
      input.focus();
    }
    if (!links.length || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (links[at] ?? (at < 0 ? input : links[0])).focus();
  });
  document.addEventListener("click", (event) => {
    if (!finder.contains(event.target)) found.hidden = true;
  });
}

// A form is sent once, however often the button is pressed; coming back frees it.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});

for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Date fields take typing; the button opens the device's own calendar.
for (const box of document.querySelectorAll("[data-date]")) {
  const typed = box.querySelector("input");
  const native = document.createElement("input");
  if (!("showPicker" in native)) continue;
  native.type = "date";
  native.className = "date-native";
  native.tabIndex = -1;
  native.setAttribute("aria-hidden", "true");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "date-pick";
  button.setAttribute("aria-label", box.dataset.label);
  button.innerHTML =
    '<svg class="icon" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d="M3.5 0a.5.5 0 0 1 .5.5V1h8V.5a.5.5 0 0 1 1 0V1h1a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H2a2 2 0 0 1-2-2V3a2 2 0 0 1 2-2h1V.5a.5.5 0 0 1 .5-.5M1 4v10a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V4z"/></svg>';
  button.addEventListener("click", () => {
    const parts = typed.value.match(/^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/);
    native.value = parts ? `${parts[3]}-${parts[2].padStart(2, "0")}-${parts[1].padStart(2, "0")}` : "";
    native.showPicker();
  });
  native.addEventListener("change", () => {
    if (native.value) typed.value = native.value.split("-").reverse().join("-");
    typed.dispatchEvent(new Event("input", { bubbles: true }));
    typed.focus();
  });
  box.append(button, native);
}

document.querySelector("[data-focus]")?.focus();

// On a phone a row of tabs is longer than the screen: begin where the current one is.
for (const here of document.querySelectorAll(".tabs [aria-current]")) {
  const row = here.parentElement;
  row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - row.clientWidth / 3;
}

// Pages that are there to be printed.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
