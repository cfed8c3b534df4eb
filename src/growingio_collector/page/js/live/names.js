/** The list of names with their counts and a line of the last two minutes. */

import { el, replaceKeepingFocus } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go, route } from "../core/route.js";
import { spark } from "../ui/chart.js";
import { counts } from "../ui/marks.js";

/** Names of one kind that are listed; names made of ids may be thousands. */
const MOST = 200;

const KINDS = ["event", "item", "mapping", "request"];

/** Events without a name are counted by their type, which is one of these. */
const TYPES = new Set([
  "VISIT", "CUSTOM", "VISITOR_ATTRIBUTES", "LOGIN_USER_ATTRIBUTES", "CONVERSION_VARIABLES",
  "APP_CLOSED", "PAGE", "PAGE_ATTRIBUTES", "VIEW_CLICK", "VIEW_CHANGE", "FORM_SUBMIT", "ACTIVATE",
]);

/** @param {any} app */
export function namesList(app) {
  const element = el("nav", { class: "names", "aria-label": t("names") });
  const draw = () => replaceKeepingFocus(element, content(app));
  draw();
  return { element, draw };
}

function content(app) {
  const names = app.summary.value?.names ?? [];
  const all = app.summary.value?.stored ?? {};
  return [
    entry(t("names.all"), all, null, !isFiltered(), () => choose(null)),
    KINDS.map((kind) => section(app, kind, names.filter((one) => one.kind === kind))),
  ];
}

const isFiltered = () => ["name", "kind", "type"].some((field) => field in route.value.filters);

function section(app, kind, names) {
  if (!names.length) return null;
  const sum = (one) => one.ok + one.warn + one.bad;
  const sorted = names.toSorted((a, b) => sum(b) - sum(a) || compare(a.name, b.name));
  const hidden = names.length - MOST;
  return [
    el("h2", {}, t(`kinds.${kind}`)),
    sorted.slice(0, MOST).map((one) => named(app, one)),
    hidden > 0 && el("p", { class: "gloss" }, t("more.names", { n: hidden })),
  ];
}

const compare = (a, b) => String(a ?? "").localeCompare(String(b ?? ""));

function named(app, one) {
  const chosen = isChosen(one);
  const label = one.name || t(one.kind === "request" ? "names.unread" : "names.none");
  const line = spark(app.rates.spark(one.kind, one.name));
  return entry(label, one, line, chosen, () => choose(chosen ? null : one));
}

/** The filters that show exactly what is counted here. */
function filtersOf({ kind, name }) {
  if (!name) return { kind };
  return kind === "event" && TYPES.has(name) ? { kind, type: name } : { kind, name };
}

function isChosen(one) {
  const own = /** @type {Record<string, string|undefined>} */ (filtersOf(one));
  const { kind = own.kind, name, type } = route.value.filters;
  if (!own.name && !own.type && !route.value.filters.kind) return false;
  return kind === own.kind && name === own.name && type === own.type;
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

/** Shows only these events. @param {any} one null shows all */
function choose(one) {
  const { kind: _kind, name: _name, type: _type, ...others } = route.value.filters;
  go({ filters: { ...others, ...(one ? filtersOf(one) : {}) } });
}
