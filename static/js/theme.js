// Runs before anything is drawn, so that a remembered theme does not flash.
(() => {
  const root = document.documentElement;
  let choice = "auto";
  try {
    choice = localStorage.getItem("theme") || "auto";
  } catch {
    // storage is blocked: follow the system
  }
  if (choice !== "light" && choice !== "dark") choice = "auto";
  root.dataset.js = "";
  root.dataset.themeChoice = choice;
  if (choice !== "auto") root.dataset.theme = choice;
})();
