// Files dropped anywhere on the page go into its file field and are sent; without this they are chosen there.
const zone = document.querySelector('[data-drop]');
const field = zone?.querySelector('input[type="file"]');
if (field) {
  let inside = 0;
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const show = (on) => zone.classList.toggle('is-over', on);
  document.addEventListener('dragenter', (event) => {
    if (holdsFiles(event)) { inside += 1; show(true); }
  });
  document.addEventListener('dragleave', (event) => {
    if (holdsFiles(event)) { inside = Math.max(0, inside - 1); show(inside > 0); }
  });
  document.addEventListener('dragover', (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    inside = 0;
    show(false);
    field.files = event.dataTransfer.files;
    if (field.files.length) field.form.requestSubmit();
  });
}
