/** Every field of a message with the type of its value; text lists are split. */

import { el, svg } from "../core/dom.js";
import { dateTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { keep, kept } from "../core/prefs.js";
import { setFilter } from "./bar.js";
import { nothing } from "../ui/states.js";
import { visible } from "../ui/visible.js";

const MOST_ROWS = 500;
const DEEPEST = 6;
const FUNNEL = "M1.5 2h9L7 6.2V10L5 9V6.2z";
const TIMES = new Set(["timestamp", "sendTime"]);
const FILTERS = { userId: "user", deviceId: "device", eventName: "name", eventType: "type" };

/** What comes first: what the event says. Everything else is context, the same for all of them. */
const OWN = new Set(["attributes", "identifies", "id", "key"]);

/** @param {any} event */
export function fields(event) {
  if (!event.message) return nothing(t("fields.none"), t("fields.none.text"));
  const problems = new Map(event.problems.map((problem) => [problem.path, problem.level]));
  const own = (name) => OWN.has(name) && (event.kind !== "event" || name === "attributes");
  const members = event.message.members;
  const first = members.filter(([name]) => own(name));
  const rest = members.filter(([name]) => !own(name));
  return [
    first.length ? table(flat(first), problems) : el("p", { class: "gloss" }, t("fields.bare")),
    rest.length > 0 && context(flat(rest), problems),
  ];
}

function table(rows, problems) {
  const shown = rows.slice(0, MOST_ROWS).map((one) => fieldRow(one, problems.get(one.path)));
  return [
    el("table", { class: "fields" }, el("tbody", {}, shown)),
    rows.length > MOST_ROWS && el("p", {}, t("fields.more", { n: rows.length - MOST_ROWS })),
  ];
}

/** Folded, unless the reader wants it open or something in it is wrong. */
function context(rows, problems) {
  const wrong = rows.some(({ path }) => problems.has(path));
  const open = wrong || kept("context", "") === "open";
  const summary = el("summary", {}, t("fields.context", { n: rows.length }));
  const details = /** @type {HTMLDetailsElement} */ (
    el("details", { class: "context", open }, summary, table(rows, problems))
  );
  summary.addEventListener("click", () => keep("context", details.open ? null : "open"));
  return details;
}

/** Objects become a row and one row for each of their fields. */
function flat(members, path = "", depth = 0) {
  return members.flatMap(([key, value]) => {
    const own = path ? `${path}.${key}` : key;
    const row = { key, value, path: own, depth };
    return depth < DEEPEST ? [row, ...flat(value.members, own, depth + 1)] : [row];
  });
}

function fieldRow({ key, value, path, depth }, level) {
  const parts = listParts(value);
  return el(
    "tr",
    { class: level ?? null, data: { path } },
    el("th", { scope: "row", style: { "--depth": depth } }, visible(key)),
    el("td", { class: "value" }, shown(value, parts, key, depth), filterButton(path, value)),
    el(
      "td",
      { class: "kind" },
      parts ? t("type.joined", { n: parts.length }) : t(`type.${value.type}`),
    ),
  );
}

function listParts(value) {
  if (value.type === "list") return value.elements.map(String);
  const text = value.type === "string" ? String(value) : "";
  return text.includes("||") ? text.split("||") : null;
}

function shown(value, parts, key, depth) {
  if (parts) return el("ul", { class: "parts" }, parts.map((part) => el("li", {}, visible(part))));
  if (value.type === "object") return depth < DEEPEST && value.members.length ? "" : value.text;
  const text = el("span", { class: `v-${value.type}` }, visible(String(value)));
  if (TIMES.has(key) && value.type === "integer") {
    return [text, el("span", { class: "gloss" }, dateTime(Number(value.text)))];
  }
  return text;
}

function filterButton(path, value) {
  const [first, key, ...rest] = path.split(".");
  const name = first === "attributes" && key && !rest.length ? `attr.${key}` : FILTERS[path];
  if (!name || ["null", "object", "list"].includes(value.type) || !String(value)) return null;
  const label = t("filter.by", { name });
  return el(
    "button",
    {
      type: "button",
      class: "by-value",
      title: label,
      "aria-label": label,
      on: { click: () => setFilter(name, String(value)) },
    },
    svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("path", { d: FUNNEL })),
  );
}
