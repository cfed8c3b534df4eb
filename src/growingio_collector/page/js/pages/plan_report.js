/** The report of a plan in three columns: seen, never seen, not planned. */

import { address } from "../core/api.js";
import { el } from "../core/dom.js";
import { count } from "../core/format.js";
import { sentence, t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { mark } from "../ui/marks.js";

/** @param {any} found */
export function report(found) {
  return [
    verdict(found),
    el(
      "div",
      { class: "three" },
      column("seen", found.seen, seen),
      column("never", found.never_seen, neverSeen),
      column("unplanned", found.not_planned, notPlanned),
    ),
  ];
}

function verdict({ violated, covered }) {
  const level = violated ? "bad" : covered ? "ok" : "warn";
  const key = violated ? "plan.violated" : covered ? "plan.covered" : "plan.open";
  const junit = { href: address("/plan/report", { format: "junit" }), download: "plan.xml" };
  return el(
    "p",
    { class: "plan-verdict" },
    mark(level),
    t(key),
    el("a", { class: "button small", ...junit }, t("plan.junit")),
  );
}

function column(name, all, draw) {
  return el(
    "section",
    { class: `column ${name}` },
    el("h2", {}, t(`plan.${name}`), el("span", { class: "number" }, count(all.length))),
    all.length ? el("ul", {}, all.map(draw)) : el("p", { class: "gloss" }, t(`plan.${name}.none`)),
  );
}

function entry({ kind, name }, end, ...more) {
  return el(
    "li",
    {},
    el(
      "div",
      { class: "entry" },
      el("span", { class: "entry-name" }, name),
      kind === "event" ? null : el("span", { class: "type" }, t(`kind.${kind}`)),
      el("span", { class: "entry-end" }, end),
    ),
    more,
  );
}

function eventLink(id, ...content) {
  const onClick = () => go({ page: "live", filters: {}, open: id });
  return el("button", { type: "button", class: "link", on: { click: onClick } }, content);
}

function seen(one) {
  const end = [
    t("plan.events", { n: one.events }),
    one.bad > 0 && el("span", { class: "count bad" }, t("plan.bad", { n: one.bad })),
  ];
  const problems = one.problems.map((problem) =>
    el(
      "li",
      {},
      mark(problem.level),
      eventLink(problem.event, sentence(problem)),
      el("span", { class: "gloss" }, t("plan.events", { n: problem.events })),
    ),
  );
  return entry(one, end, problems.length > 0 && el("ul", { class: "entry-problems" }, problems));
}

function neverSeen(one) {
  const gone = one.deprecated && el("span", { class: "type" }, t("plan.deprecated"));
  return entry(one, gone, one.description && el("p", { class: "gloss" }, one.description));
}

function notPlanned(one) {
  const near = one.nearest && el("p", { class: "gloss" }, t("plan.near", { name: one.nearest }));
  return entry(one, eventLink(one.event, t("plan.events", { n: one.events })), near);
}
