/** Problems: one entry for each cause, the newest first. */

import { get } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { ago, count } from "../core/format.js";
import { fix, sentence, t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { badge, mark } from "../ui/marks.js";
import { loaded } from "../ui/loaded.js";
import { heading, nothing } from "../ui/states.js";

const SHOWN_NAMES = 8;

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const list = el("div", {});
  replace(root, heading(t("page.problems"), t("problems.text")), list);
  const part = loaded(list, () => get("/problems"), ({ problems }) => content(problems));
  const end = app.summary.subscribe(part.refresh);
  return {
    close() {
      end();
      part.close();
    },
  };
}

function content(problems) {
  if (!problems.length) return nothing(t("problems.none"), t("problems.all.well"));
  return [
    el("ul", { class: "causes" }, problems.map(cause)),
    el("p", { class: "gloss" }, t("verdict.note")),
  ];
}

function cause(problem) {
  const open = () => go({ page: "live", filters: { code: problem.code }, open: problem.last_event });
  return el(
    "li",
    { class: `cause ${problem.level}` },
    el("div", { class: "cause-count" }, mark(problem.level), el("b", {}, count(problem.events))),
    el(
      "div",
      { class: "cause-text" },
      el("p", { class: "problem-sentence" }, sentence(problem)),
      el("p", { class: "problem-fix" }, el("b", {}, t("fix")), fix(problem)),
      el("p", { class: "cause-who" }, who(problem)),
    ),
    el(
      "div",
      { class: "cause-end" },
      el("span", { class: "gloss" }, ago(problem.last_ms)),
      el("button", { type: "button", class: "button small", on: { click: open } }, t("show.events")),
    ),
  );
}

function who({ clients, names }) {
  const more = names.length - SHOWN_NAMES;
  return [
    clients.map(badge),
    names.slice(0, SHOWN_NAMES).map((name) => el("code", {}, name)),
    more > 0 && el("span", { class: "gloss" }, t("more.names", { n: more })),
  ];
}
