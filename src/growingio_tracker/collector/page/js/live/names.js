/** The list of names with their counts and a line of the last two minutes. */

import { el, replace } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go, route } from "../core/route.js";
import { spark } from "../ui/chart.js";
import { counts } from "../ui/marks.js";

const KINDS = ["event", "item", "mapping", "request"];

/** @param {any} app */
export function namesList(app) {
  const element = el("nav", { class: "names", "aria-label": t("names") });
  const draw = () => replace(element, content(app));
  draw();
  return { element, draw };
}

function content(app) {
  const names = app.summary.value?.names ?? [];
  const all = app.summary.value?.stored ?? {};
  return [
    entry(t("names.all"), all, null, !isFiltered(), () => choose(null, null)),
    KINDS.map((kind) => section(app, kind, names.filter((one) => one.kind === kind))),
  ];
}

const isFiltered = () => "name" in route.value.filters || "kind" in route.value.filters;

function section(app, kind, names) {
  if (!names.length) return null;
  const sum = (one) => one.ok + one.warn + one.bad;
  const sorted = names.toSorted((a, b) => sum(b) - sum(a) || compare(a.name, b.name));
  return [el("h2", {}, t(`kinds.${kind}`)), sorted.map((one) => named(app, one))];
}

const compare = (a, b) => String(a ?? "").localeCompare(String(b ?? ""));

function named(app, one) {
  const { filters } = route.value;
  const chosen = filters.kind === one.kind && (filters.name ?? "") === (one.name ?? "");
  const label = one.name || t(one.kind === "request" ? "names.unread" : "names.none");
  const line = spark(app.rates.spark(one.kind, one.name));
  return entry(label, one, line, chosen, () => choose(one.kind, one.name));
}

function entry(label, numbers, line, chosen, onClick) {
  return el(
    "button",
    { type: "button", class: "name", "aria-pressed": String(chosen), on: { click: onClick } },
    el("span", { class: "name-label", title: label }, label),
    line,
    counts(numbers),
  );
}

/** Shows only this name; the same again shows all. */
function choose(kind, name) {
  const { filters } = route.value;
  const next = { ...filters };
  const again = filters.kind === kind && (filters.name ?? "") === (name ?? "");
  delete next.kind;
  delete next.name;
  if (kind && !again) Object.assign(next, { kind }, name ? { name } : {});
  go({ filters: next });
}
