/** Text in which nothing is hidden: white space at its ends, marks of direction, and controls. */

import { el } from "../core/dom.js";

/**
 * Spaces at the ends or side by side, other white space, format characters and controls. Letters
 * that joiners stand between, as in emoji, are left alone.
 */
const UNSEEN = /^ +| +$| {2,}|[^\S ]|[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

const SIGNS = {
  " ": "·", "\t": "→", "\n": "↵", "\r": "␍", "\u00a0": "⍽", "\u200e": "LRM", "\u200f": "RLM",
  "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
  "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI", "\u200b": "ZWSP",
  "\ufeff": "BOM", "\u00ad": "SHY", "\u3000": "⬚",
};

const code = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/**
 * What is seen and copied is the text itself; a sign is drawn over each character that has none.
 * @param {string} text @returns {import("../core/dom.js").Child[]}
 */
export function visible(text) {
  const found = [];
  let at = 0;
  for (const { 0: run, index } of text.matchAll(UNSEEN)) {
    found.push(text.slice(at, index), Array.from(run, sign));
    at = index + run.length;
  }
  return at ? [found, text.slice(at)] : [text];
}

function sign(char) {
  const shown = SIGNS[char] ?? code(char);
  return el("span", { class: "unseen", title: code(char), data: { sign: shown } }, char);
}
