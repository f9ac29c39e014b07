// A button to show the password while typing. Without this the field works as always.
for (const box of document.querySelectorAll("[data-password]")) {
  const input = box.querySelector("input[type=password]");
  if (!input) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-bare btn-sm";
  button.textContent = box.dataset.password;
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  input.after(button);
}
