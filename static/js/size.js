// A file that is too large is refused before it is sent: where a server cuts it off, what was typed would be lost too.
for (const field of document.querySelectorAll("[data-too-large]")) {
  const told = document.createElement("p");
  told.className = "form-error";
  told.setAttribute("role", "alert");
  told.hidden = true;
  field.after(told);
  field.addEventListener("change", () => {
    const over = [...field.files].some((file) => file.size > Number(field.dataset.mostBytes));
    told.hidden = !over;
    told.textContent = over ? field.dataset.tooLarge : "";
    if (over) field.value = "";
  });
}
