/** What is wrong with one event, where, and what to do. */

import { el } from "../core/dom.js";
import { fix, sentence, t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { mark } from "../ui/marks.js";
import { nothing } from "../ui/states.js";

/** @param {any} event */
export function problemList(event) {
  if (!event.problems.length) return nothing(t("problems.none"), t("problems.none.text"));
  return [
    el("ul", { class: "problem-list" }, event.problems.map(problem)),
    el("p", { class: "gloss" }, t("verdict.note")),
  ];
}

function problem(one) {
  const onClick = () => go({ page: "live", filters: { code: one.code }, open: null });
  return el(
    "li",
    { class: `problem ${one.level}` },
    el("p", { class: "problem-sentence" }, mark(one.level), sentence(one)),
    one.path && el("p", { class: "problem-path" }, el("span", {}, t("path")), el("code", {}, one.path)),
    el("p", { class: "problem-fix" }, el("b", {}, t("fix")), fix(one)),
    el(
      "button",
      { type: "button", class: "link", on: { click: onClick } },
      t("problem.same"),
    ),
  );
}
