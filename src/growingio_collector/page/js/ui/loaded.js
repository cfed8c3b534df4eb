/** A part of a page that is read from the API, and read again when something has changed. */

import { replaceKeepingFocus } from "../core/dom.js";
import { failed } from "./states.js";

/**
 * @template T
 * @param {HTMLElement} into
 * @param {() => Promise<T>} read
 * @param {(value: T) => import("../core/dom.js").Child} draw
 * @returns {{refresh: () => Promise<void>, close: () => void}} only the newest answer is drawn
 */
export function loaded(into, read, draw) {
  let turn = 0;
  let shown = "";
  const refresh = async () => {
    const own = ++turn;
    const { value, error } = await tried(read);
    const text = error ? String(error) : JSON.stringify(value);
    // What is the same stays as it is, with whatever is selected in it.
    if (own !== turn || text === shown) return;
    shown = text;
    replaceKeepingFocus(into, error ? failed(error) : draw(value));
  };
  refresh();
  return { refresh, close: () => void turn++ };
}

async function tried(read) {
  try {
    return { value: await read(), error: null };
  } catch (error) {
    return { value: null, error };
  }
}
