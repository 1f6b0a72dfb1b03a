// The looks of every page: colours and size of text, set before anything is drawn and kept on this device. Nothing else is kept.
(() => {
  const KEY = "binhdan-look";
  const root = document.documentElement;
  const usual = root.dataset.size || "lon"; // a page may bring its own size; what a person chose comes first
  const asks = (query) => window.matchMedia(query).matches;
  const ofSystem = () => (asks("(prefers-contrast: more)") ? "contrast" : asks("(prefers-color-scheme: dark)") ? "dark" : "light");
  const BAR = { light: "#fffefb", dark: "#12181f", contrast: "#ffffff" }; // what the system draws around an installed page
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { /* no storage: this page only */ }

  function apply() {
    root.dataset.theme = kept.theme || ofSystem();
    document.querySelector("meta[name=theme-color]")?.setAttribute("content", BAR[root.dataset.theme]);
    root.dataset.size = kept.size || usual;
    for (const button of document.querySelectorAll(".look [data-look]")) {
      const [what, value] = button.dataset.look.split("=");
      button.setAttribute("aria-pressed", (kept[what] || (what === "size" ? usual : "")) === value);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".look [data-look]");
    for (const menu of document.querySelectorAll(".look[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!button) return;
    const [what, value] = button.dataset.look.split("=");
    kept = { ...kept, [what]: value };
    try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* this page only */ }
    apply();
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".look[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("toggle", (event) => { if (event.target.matches?.(".look")) apply(); }, true); // Gradio draws it late
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) window.matchMedia(query).addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  apply();
})();
