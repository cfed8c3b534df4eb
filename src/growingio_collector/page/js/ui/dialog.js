/** Questions and the help: the browser's own dialog, which keeps focus and closes with Escape. */

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";

/**
 * @param {string} title
 * @param {import("../core/dom.js").Child} content
 * @param {HTMLElement[]} buttons the last one closes
 */
function open(title, content, buttons) {
  const dialog = /** @type {HTMLDialogElement} */ (
    el(
      "dialog",
      { class: "dialog", "aria-label": title },
      el("h2", {}, title),
      el("div", { class: "dialog-body" }, content),
      el("div", { class: "dialog-buttons" }, buttons),
    )
  );
  dialog.addEventListener("close", () => dialog.remove());
  for (const button of buttons) button.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {string} title @param {string} text @param {string} action @param {() => void} then */
export function confirmed(title, text, action, then) {
  const act = el("button", { type: "button", class: "button danger", on: { click: then } }, action);
  const cancel = el("button", { type: "button", class: "button", autofocus: true }, t("cancel"));
  open(title, el("p", {}, text), [cancel, act]);
}

const KEYS = [
  ["j", "help.j"], ["k", "help.k"], ["/", "help.search"], ["p", "help.pause"],
  ["x", "help.clear"], ["Esc", "help.escape"], ["?", "help.help"],
];

/** Shows the keys, or hides them. */
export function toggleHelp() {
  const shown = /** @type {HTMLDialogElement|null} */ (document.querySelector("dialog.help"));
  if (shown) return shown.close();
  const rows = KEYS.map(([key, text]) => [
    el("dt", {}, el("kbd", {}, key)),
    el("dd", {}, t(text)),
  ]);
  const close = el("button", { type: "button", class: "button", autofocus: true }, t("close"));
  open(t("help.title"), el("dl", { class: "keys" }, rows), [close]).classList.add("help");
}
