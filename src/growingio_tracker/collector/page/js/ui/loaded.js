/** A part of a page that is read from the API, and read again when something has changed. */

import { replace } from "../core/dom.js";
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
  const refresh = async () => {
    const own = ++turn;
    let content;
    try {
      content = draw(await read());
    } catch (error) {
      content = failed(error);
    }
    if (own === turn) replace(into, content);
  };
  refresh();
  return { refresh, close: () => void turn++ };
}
