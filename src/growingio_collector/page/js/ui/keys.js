/** The keyboard: single keys, except where somebody is typing. */

import { toggleHelp } from "./dialog.js";

/** @param {(key: string) => boolean} handler gets each key that is free, and tells if it used it */
export function listenToKeys(handler) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "Escape" && isTyping(event.target)) return;
    if (event.key !== "?" && document.querySelector("dialog[open]")) return;
    if (event.key === "?") toggleHelp();
    else if (!handler(event.key)) return;
    event.preventDefault();
  });
}

function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  return ["TEXTAREA", "SELECT"].includes(target.tagName) || isTextInput(target);
}

function isTextInput(target) {
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
}
