// Loads the page, and says so where a part of it is missing: a blank screen would say nothing.

import("./main.js").catch((error) => {
  console.error(error);
  const place = document.getElementById("stage");
  if (!place) return;
  const text = document.createElement("p");
  text.setAttribute("role", "alert");
  text.textContent =
    "The page could not be loaded: one of its files is missing or damaged. Reload to try again; a page served from the sources has to be built first, with scripts/build.";
  const box = document.createElement("div");
  box.className = "centered";
  box.append(text);
  place.replaceChildren(box);
});
