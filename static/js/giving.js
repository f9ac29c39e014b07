// The amount on the button, and one amount at a time. The form works without it.
const form = document.querySelector("form.give");

if (form) {
  const button = form.querySelector("button");
  const other = form.elements.other_amount;
  const again = form.querySelector("[data-again]"); // what a recurring gift means: for who chooses one
  const box = form.querySelector("[data-other]");
  const tiles = [...form.querySelectorAll("input[name=amount]")];
  const last = tiles.at(-1);
  const money = new Intl.NumberFormat(document.documentElement.lang === "nl" ? "nl-NL" : "en-IE", {
    style: "currency",
    currency: "EUR",
  });

  const amount = () => {
    const chosen = tiles.find((tile) => tile.checked);
    if (!chosen) return null;
    if (chosen !== last) return Number(chosen.value);
    // Only what can mean one thing; the server says what is wrong with the rest.
    const text = other.value.replace(/[\s€]/g, "");
    return /^\d{1,6}([.,]\d{1,2})?$/.test(text) ? Number(text.replace(",", ".")) : null;
  };

  const show = () => {
    const euros = amount();
    const often = form.elements.frequency.value;
    if (again) again.hidden = often === "once";
    const words = form.dataset[often] ?? form.dataset.give;
    button.textContent = euros ? words.replace("{}", money.format(euros)) : form.dataset.plain;
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
  other.addEventListener("input", () => {
    if (other.value) last.checked = true;
    show();
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
