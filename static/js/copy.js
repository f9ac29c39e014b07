// "Copy" beside the texts for a portal; without this the text is selected and copied by hand.
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-sm";
  button.textContent = text.dataset.copy;
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text.value); } catch { text.select(); document.execCommand("copy"); }
    button.textContent = text.dataset.copied;
  });
  text.after(button);
}
