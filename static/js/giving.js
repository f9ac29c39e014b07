// Three steps, the amount on the button, one amount at a time. The form works without it, as one page.
const form = document.querySelector("form.give");

if (form) {
  const button = form.querySelector(".give-button button");
  const other = form.elements.other_amount;
  const box = form.querySelector("[data-other]");
  const ways = form.querySelectorAll("input[name=method]");
  const tiles = [...form.querySelectorAll("input[name=amount]")];
  const last = tiles.at(-1);
  const money = new Intl.NumberFormat(document.documentElement.lang === "nl" ? "nl-NL" : "en-IE", {
    style: "currency",
    currency: "EUR",
  });

  // Back at a page that was sent, it is the same form: one gift stays one, also where the page had to be fetched anew.
  const { token } = form.elements;
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward" && history.state?.token)
    token.value = history.state.token;
  history.replaceState({ token: token.value }, "");

  const amount = () => {
    const chosen = tiles.find((tile) => tile.checked);
    if (!chosen) return null;
    if (chosen !== last) return Number(chosen.value);
    // Only what can mean one thing; the server says what is wrong with the rest.
    const text = other.value.replace(/\s|€|eur(os?)?|[.,]-{1,2}$/gi, "");
    if (/^\d{1,3}([.,]\d{3})(?!\1)[.,]\d{2}$/.test(text)) return Number(text.replace(/[.,]/g, "")) / 100;
    return /^\d{1,6}([.,]\d{1,2})?$/.test(text) ? Number(text.replace(",", ".")) : null;
  };

  const show = () => {
    const euros = amount();
    const often = form.elements.frequency.value;
    // Who chose a way to pay that the style sheet now hides, goes on with the first that does.
    const fits = (way) => {
      const { only } = way.closest("label").dataset;
      return !only || (only === "once") === (often === "once");
    };
    if (![...ways].some((way) => way.checked && fits(way))) [...ways].find(fits)?.click();
    const words = form.dataset[often] ?? form.dataset.give;
    const costs = form.elements.costs?.checked ? Number(form.dataset.costs) / 100 : 0;
    button.textContent = euros ? words.replace("{}", money.format(euros + costs)) : form.dataset.plain;
    other.required = last.checked;
    box.hidden = !last.checked && !other.value && !other.hasAttribute("aria-invalid");
  };

  for (const tile of tiles) {
    tile.addEventListener("change", () => {
      if (tile !== last) other.value = "";
      show();
      if (tile === last && tile.matches(":not(:focus-visible)")) other.focus();
    });
  }
  for (const choice of form.querySelectorAll("input[name=frequency]")) choice.addEventListener("change", show);
  form.elements.costs?.addEventListener("change", show);
  other.addEventListener("input", () => {
    if (other.value) last.checked = true;
    show();
  });

  // Steps: one part at a time. What is not filled in is said by the browser itself, the rest by the server.
  const steps = [...form.querySelectorAll(".give-step")];
  const titles = steps.map((step) => step.querySelector("h2"));
  let at = 0;

  const make = (tag, css, text) => {
    const made = document.createElement(tag);
    made.className = css;
    made.textContent = text;
    return made;
  };
  const list = make("ol", "give-steps", "");
  list.setAttribute("aria-label", form.dataset.steps);
  list.append(...titles.map((title, i) => make("li", "", `${i + 1}. ${title.textContent}`)));

  const go = (to, focus = true) => {
    at = to;
    steps.forEach((step, i) => {
      step.hidden = i !== at;
      list.children[i].removeAttribute("aria-current");
      if (i === at) list.children[i].setAttribute("aria-current", "step");
    });
    if (focus) {
      titles[at].focus({ preventScroll: true });
      list.scrollIntoView({ block: "nearest" });
    }
  };
  const filled = () => {
    const fields = [...steps[at].querySelectorAll("input, select, textarea")];
    return fields.every((field) => field.offsetParent === null || field.reportValidity());
  };
  const move = (step, text, css, by) => {
    const mover = make("button", css, text);
    mover.type = "button";
    mover.addEventListener("click", () => {
      if (by < 0 || filled()) go(at + by);
    });
    return mover;
  };

  form.classList.add("in-steps");
  steps.forEach((step, i) => {
    const moves = make("p", "give-moves", "");
    if (i < steps.length - 1) moves.append(move(step, form.dataset.next, "btn btn-primary", 1));
    if (i > 0) moves.append(move(step, form.dataset.back, "btn btn-quiet", -1));
    step.append(moves);
  });
  steps[0].before(list);
  const wrong = steps.findIndex((step) => step.querySelector(".form-wrong"));
  go(Math.max(wrong, 0), false);
  // The list of what is wrong leads to its field, in whichever step that stands.
  for (const link of form.querySelectorAll(".error-summary a")) {
    link.addEventListener("click", () => {
      const step = steps.findIndex((each) => each.querySelector(link.hash));
      if (step >= 0) go(step, false);
    });
  }
  // Enter in a field means on to the next step, not past it.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || at === steps.length - 1 || !event.target.matches("input")) return;
    event.preventDefault();
    if (filled()) go(at + 1);
  });

  // A second click sends nothing more; coming back by the back button, the button works again.
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    button.removeAttribute("aria-disabled");
    show();
  });
  show();
  form.querySelector("[data-focus]")?.focus();
}
