// The frame around the page: the theme, and the list of tables as a drawer where the screen is narrow.

import { byId, icon } from "./dom.js";

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

export function setUpShell() {
  setUpTheme(byId("theme"));
  const menu = byId("menu");
  menu.replaceChildren(icon("menu"));
  menu.addEventListener("click", () => toggleDrawer(menu.getAttribute("aria-expanded") !== "true"));
  byId("backdrop").addEventListener("click", () => toggleDrawer(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || menu.getAttribute("aria-expanded") !== "true") return;
    event.preventDefault();
    toggleDrawer(false);
  });
}

/** Opens or closes the drawer; on a wide screen it is always there. @param {boolean} open */
export function toggleDrawer(open) {
  const menu = byId("menu");
  const was = menu.getAttribute("aria-expanded") === "true";
  if (was === open) return;
  menu.setAttribute("aria-expanded", String(open));
  document.body.toggleAttribute("data-drawer", open);
  byId("main").inert = open;
  if (open) byId("tables").querySelector("button")?.focus();
  else menu.focus();
}

/** @param {HTMLElement} button */
function setUpTheme(button) {
  const show = () => {
    const theme = current();
    button.replaceChildren(icon(theme === "light" ? "sun" : theme === "dark" ? "moon" : "auto"));
    const name = theme === "auto" ? "as the system has it" : theme;
    button.setAttribute("aria-label", `Colours: ${name}`);
    button.title = `Colours: ${name}`;
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(current()) + 1) % THEMES.length];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("lakeglass.theme", next);
    } catch {
      // The choice then lasts as long as the page.
    }
    show();
  });
  show();
}

/** @returns {(typeof THEMES)[number]} */
function current() {
  const { theme } = document.documentElement.dataset;
  return theme === "light" || theme === "dark" ? theme : "auto";
}
