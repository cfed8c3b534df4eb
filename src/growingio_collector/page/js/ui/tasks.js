/** Doing something for a click, and saying when it did not work. */

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { toast } from "./toast.js";

/** @param {() => Promise<any>} task @returns {Promise<any>} undefined when it failed */
export async function attempt(task) {
  try {
    return await task();
  } catch (error) {
    toast(error.status === 404 ? t("unavailable") : error.message, "bad");
    return undefined;
  }
}

/**
 * A button that cannot be pressed again while its task runs.
 * @param {string} label @param {() => Promise<any>} task @param {string} [look]
 */
export function taskButton(label, task, look = "") {
  const click = async () => {
    /** @type {any} */ (button).disabled = true;
    await attempt(task);
    /** @type {any} */ (button).disabled = false;
  };
  const button = el("button", { type: "button", class: `button ${look}`, on: { click } }, label);
  return button;
}
