// Says how a large amount is read while it is typed, so that a hundred and a hundred thousand are not mistaken.
// The rule is that of MoneyField; what the server refuses is not told here.
const lang = document.documentElement.lang === "nl" ? "nl-NL" : "en-IE";
const money = new Intl.NumberFormat(lang, { style: "currency", currency: "EUR" });
const mark = lang === "nl-NL" ? "." : ",";
const GROUPED = /^[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*(?:(?!\1)[.,](\d{2}))?$/;

function euros(typed) {
  const text = typed.replace(/[\s\u00a0\u202f€]|eur(os?)?|[.,]-{1,2}$/gi, "");
  if (/^\d+([.,]\d{1,2})?$/.test(text)) return Number(text.replace(",", "."));
  const found = GROUPED.exec(text);
  if (!found || (!found[2] && text.length < 8 && found[1] !== mark)) return null;
  return Number(text.slice(0, found[2] ? -3 : undefined).replace(/[.,]/g, "") + "." + (found[2] ?? "0"));
}

document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-amount]")) return;
  const place = target.closest(".form-field") ?? target.parentElement;
  let told = place.querySelector(".amount-told");
  if (!told) {
    told = document.createElement("output");
    told.className = "amount-told";
    told.htmlFor = target.id;
    place.append(told);
  }
  const amount = euros(target.value);
  told.textContent = amount >= 1000 ? target.dataset.amount.replace("#", money.format(amount)) : "";
});
