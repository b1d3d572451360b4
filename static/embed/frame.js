// In a page that stands inside another: tells the page around it how high it
// is, and takes its theme. It speaks to the one origin that was declared, which
// the server has checked, and hears no other. Without it the frame scrolls.
(() => {
  const root = document.documentElement;
  const origin = root.dataset.parent;
  if (!origin || parent === self) return;

  let last = 0;
  const tell = () => {
    last = Math.ceil(root.getBoundingClientRect().height);
    parent.postMessage({ ingest: "height", height: last }, origin);
  };

  addEventListener("message", (e) => {
    if (e.origin !== origin || e.source !== parent || e.data?.ingest !== "theme") return;
    if (e.data.theme === "light" || e.data.theme === "dark") root.dataset.theme = e.data.theme;
    else delete root.dataset.theme;
    tell();
  });

  new ResizeObserver(() => {
    if (Math.ceil(root.getBoundingClientRect().height) !== last) tell();
  }).observe(root);
  // At once: a frame below the fold is laid out, and its observers sleep.
  tell();
})();
