/** Menus that open below their button, and close when the user looks elsewhere. */

/** Closes open menus on a click outside of them. */
export function closeMenusOutside() {
  document.addEventListener("click", ({ target }) => {
    for (const menu of openMenus()) {
      if (!(target instanceof Node && menu.contains(target))) menu.open = false;
    }
  });
}

/** Closes open menus. @returns {boolean} whether there were any */
export function closeMenus() {
  const open = openMenus();
  for (const menu of open) menu.open = false;
  return open.length > 0;
}

/** @returns {HTMLDetailsElement[]} */
function openMenus() {
  return [...document.querySelectorAll("details.menu[open]")];
}
