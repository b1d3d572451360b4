// The embedded search sends what is typed to the server, so an ingest URL or a
// key, which somebody pastes into the wrong box, is stopped here.
(() => {
  const form = document.querySelector("[data-guard]");
  const secret = /[a-z][a-z0-9+.-]*:\/\/|\b(?:txSecret|auth_key|token|signature|stream_?key|passphrase|key|sig|sign|secret|password|pwd|streamid)\s*=|\b(?:live|re|rtmp|sk)_[A-Za-z0-9_]{12,}|\b(?:[a-z0-9]{4}-){3,}[a-z0-9]{4}\b|\b[A-Za-z0-9+/]{40,}|\b[0-9a-f]{32,}\b/i;
  form?.addEventListener("submit", (e) => {
    const input = form.elements.q;
    const text = input.value.trim();
    if (text && !secret.test(text)) return;
    e.preventDefault();
    input.focus();
    if (text) document.querySelector("#kept").textContent = "This was not sent: it looks like a URL or a key. Search for the code or the message alone.";
  });
})();
