/** Small signs that are the same on every page. */

import { el } from "../core/dom.js";
import { count } from "../core/format.js";
import { t } from "../core/i18n.js";

const SIGNS = { ok: "✓", warn: "!", bad: "✕" };

/** A verdict as a sign in its colour: never by the colour alone. @param {string} verdict */
export function mark(verdict) {
  const label = t(`verdict.${verdict}`);
  return el(
    "span",
    { class: `mark ${verdict}`, role: "img", "aria-label": label, title: label },
    SIGNS[verdict],
  );
}

/** Counts of the three verdicts; zeros are left out, except when all are. */
export function counts({ ok = 0, warn = 0, bad = 0 }) {
  const shown = [["bad", bad], ["warn", warn], ["ok", ok]].filter(([, number]) => number);
  return el(
    "span",
    { class: "counts" },
    (shown.length ? shown : [["ok", 0]]).map(([verdict, number]) =>
      el(
        "span",
        { class: `count ${verdict}`, title: t(`verdict.${verdict}`) },
        verdict === "ok" ? null : el("b", { "aria-hidden": "true" }, SIGNS[verdict]),
        count(Number(number)),
      ),
    ),
  );
}

/** @param {string|null} client */
export function badge(client) {
  return client ? el("span", { class: "badge", title: client }, client) : null;
}
