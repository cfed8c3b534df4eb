/** A short word at the bottom that goes by itself. */

import { el } from "../core/dom.js";

const SHOWN_MS = 2500;

/** @param {string} text @param {"info"|"bad"} [tone] */
export function toast(text, tone = "info") {
  const note = el("div", { class: `toast ${tone}`, role: "status" }, text);
  document.body.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
