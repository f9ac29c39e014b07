// Characters counted while typing, in the hint of the field; without this the hint tells those of what is saved.
for (const text of document.querySelectorAll("[data-count]")) {
  const hint = text.closest(".form-field").querySelector(".form-hint");
  const tell = () => {
    const count = [...text.value].length;
    hint.textContent = text.dataset.count.replace("#", count.toLocaleString(document.documentElement.lang));
    hint.classList.toggle("over", count > Number(text.dataset.most || Infinity));
  };
  text.addEventListener("input", tell);
}
