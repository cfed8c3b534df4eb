/** What a page says while it has nothing to show. */

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @param {string} title @param {string} [text] @param {...any} more */
export function nothing(title, text, ...more) {
  return el(
    "div",
    { class: "nothing" },
    el("p", { class: "nothing-title" }, title),
    text ? el("p", {}, text) : null,
    more,
  );
}

/** @param {any} error */
export function failed(error) {
  if (error.status === 404) return nothing(t("unavailable"), t("unavailable.text"));
  if (error.status === 0) return nothing(t("unreachable"), t("unreachable.text"));
  return nothing(t("failed"), error.message);
}

/** @param {string} title @param {string} text @param {...any} more */
export function heading(title, text, ...more) {
  return el(
    "header",
    { class: "page-head" },
    el("div", {}, el("h1", {}, title), el("p", {}, text)),
    more.length ? el("div", { class: "page-actions" }, more) : null,
  );
}
