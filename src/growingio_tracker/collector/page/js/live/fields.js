/** Every field of a message with the type of its value; text lists are split. */

import { el, svg } from "../core/dom.js";
import { dateTime, inline, typeOf } from "../core/format.js";
import { t } from "../core/i18n.js";
import { setFilter } from "./bar.js";
import { nothing } from "../ui/states.js";

const MOST_ROWS = 500;
const DEEPEST = 6;
const FUNNEL = "M1.5 2h9L7 6.2V10L5 9V6.2z";
const TIMES = new Set(["timestamp", "sendTime"]);
const FILTERS = { userId: "user", deviceId: "device", eventName: "name", eventType: "type" };

/** @param {any} event */
export function fields(event) {
  if (!event.message) return nothing(t("fields.none"), t("fields.none.text"));
  const rows = flat(event.message);
  const problems = new Map(event.problems.map((problem) => [problem.path, problem.level]));
  const shown = rows.slice(0, MOST_ROWS).map((one) => fieldRow(one, problems.get(one.path)));
  return [
    el("table", { class: "fields" }, el("tbody", {}, shown)),
    rows.length > MOST_ROWS && el("p", {}, t("fields.more", { n: rows.length - MOST_ROWS })),
  ];
}

/** Objects become a row and one row for each of their fields. */
function flat(value, path = "", depth = 0) {
  return Object.entries(value).flatMap(([key, one]) => {
    const own = path ? `${path}.${key}` : key;
    const row = { key, value: one, path: own, depth };
    const nested = one !== null && typeof one === "object" && !Array.isArray(one);
    return nested && depth < DEEPEST ? [row, ...flat(one, own, depth + 1)] : [row];
  });
}

function fieldRow({ key, value, path, depth }, level) {
  const parts = listParts(value);
  return el(
    "tr",
    { class: level ?? null, data: { path } },
    el("th", { scope: "row", style: { "--depth": depth } }, key),
    el("td", { class: "value" }, shown(value, parts, key), filterButton(path, value)),
    el("td", { class: "kind" }, parts ? t("type.joined", { n: parts.length }) : typeName(value)),
  );
}

const typeName = (value) => t(`type.${typeOf(value)}`);

function listParts(value) {
  if (typeof value === "string" && value.includes("||")) return value.split("||");
  return Array.isArray(value) ? value : null;
}

function shown(value, parts, key) {
  if (parts) return el("ul", { class: "parts" }, parts.map((part) => el("li", {}, inline(part))));
  if (value !== null && typeof value === "object") return "";
  const text = el("span", { class: `v-${typeOf(value)}` }, inline(value));
  if (TIMES.has(key) && typeof value === "number") {
    return [text, el("span", { class: "gloss" }, dateTime(value))];
  }
  return text;
}

function filterButton(path, value) {
  const [first, key, ...rest] = path.split(".");
  const name = first === "attributes" && key && !rest.length ? `attr.${key}` : FILTERS[path];
  if (!name || value === null || typeof value === "object" || value === "") return null;
  const label = t("filter.by", { name });
  return el(
    "button",
    {
      type: "button",
      class: "by-value",
      title: label,
      "aria-label": label,
      on: { click: () => setFilter(name, inline(value)) },
    },
    svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("path", { d: FUNNEL })),
  );
}
