// Light, dark, or as the system has it. A classic script, run before the first paint: a stored choice must not flash.
(() => {
  const root = document.documentElement;
  try {
    const stored = localStorage.getItem("lakeglass.theme");
    if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  } catch {
    // Without storage the page follows the system.
  }
})();
