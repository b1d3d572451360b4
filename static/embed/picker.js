// The page that makes snippets: what is picked shows at once. The server writes
// snippet and preview; this asks it for them, so that there is one place that does.
(() => {
  const form = document.querySelector("[data-pick]");
  if (!form) return;
  let asked = 0;
  let timer;

  const fields = () => {
    for (const field of form.querySelectorAll("[data-for]")) field.hidden = field.dataset.for !== form.elements.what.value;
  };

  const show = async () => {
    const mine = ++asked;
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      const from = form.elements[name].closest("[data-for]");
      if (value && !from?.hidden) query.set(name, value);
    }
    let page;
    try {
      const res = await fetch(`/embed?${query}`);
      if (!res.ok) return;
      page = new DOMParser().parseFromString(await res.text(), "text/html");
    } catch {
      return; // without the network the button still asks
    }
    if (mine !== asked) return;
    history.replaceState(null, "", `/embed?${query}`);
    for (const id of ["snippet-script", "snippet-element", "snippet-frame", "snippet-policy"]) {
      document.getElementById(id).textContent = page.getElementById(id).textContent;
    }
    const hint = page.querySelector("[data-code-hint]");
    form.querySelector("[data-code-hint]").replaceChildren(...hint.childNodes);
    const invalid = page.querySelector("#code").getAttribute("aria-invalid");
    if (invalid) form.elements.code.setAttribute("aria-invalid", invalid);
    else form.elements.code.removeAttribute("aria-invalid");
    preview(page.querySelector("#preview-box > *"));
    document.querySelector("[data-pick-state]").textContent = "Preview and snippet are up to date.";
  };

  // A frame that stays is not loaded anew: a change of theme shows as it will on the site.
  const preview = (wanted) => {
    const box = document.querySelector("#preview-box");
    const now = box.firstElementChild;
    if (now.localName !== wanted.localName) {
      box.replaceChildren(wanted);
      return;
    }
    for (const { name } of [...now.attributes]) if (!wanted.hasAttribute(name)) now.removeAttribute(name);
    for (const { name, value } of [...wanted.attributes]) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    now.replaceChildren(...wanted.childNodes);
  };

  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(show, wait);
  };
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    later(0);
  });
  form.addEventListener("change", () => {
    fields();
    later(0);
  });
  form.addEventListener("input", () => later(400));
  fields();
})();
