// Forms that a passkey fills in: ask our server for a challenge, the browser for the passkey, send the form.
// Without this, and in a browser without passkeys, the page says so and its other ways work.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join(""))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function challenge(form) {
  const answer = await fetch(form.dataset.ask, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
  });
  if (answer.redirected) window.location.assign(answer.url);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

async function make(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  });
  const { clientDataJSON, attestationObject } = credential.response;
  return [credential, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) }];
}

async function answer(options) {
  const credential = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  const told = { clientDataJSON, authenticatorData, signature };
  if (userHandle && userHandle.byteLength) told.userHandle = userHandle;
  return [credential, Object.fromEntries(Object.entries(told).map(([name, value]) => [name, text(value)]))];
}

function reason(form, error) {
  const { refused, elsewhere, known, failed } = form.dataset;
  const words = { NotAllowedError: refused, AbortError: refused, SecurityError: elsewhere, InvalidStateError: known };
  if (error instanceof DOMException) return words[error.name] || failed;
  return error instanceof TypeError || error instanceof SyntaxError ? failed : error.message || failed;
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
  const [wrong, button] = [form.querySelector("[data-passkey-error]"), form.querySelector("[data-passkey-button]")];
  form.querySelector("[data-passkey-missing]").hidden = true;
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const press = button.querySelector("button");
    if (press.disabled || !form.reportValidity()) return;
    press.disabled = true;
    wrong.hidden = true;
    try {
      const options = await challenge(form);
      const [credential, response] = await (form.dataset.passkey === "make" ? make(options) : answer(options));
      const { id, rawId, type } = credential;
      form.elements.credential.value = JSON.stringify({ id, rawId: text(rawId), type, response });
      form.submit();
    } catch (error) {
      wrong.querySelector("span").textContent = reason(form, error);
      wrong.hidden = false;
      press.disabled = false;
    }
  });
}
