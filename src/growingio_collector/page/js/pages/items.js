/** Items: one row for each key and id as the last write left it, and the writes before. */

import { getEvents } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { ago, count, dateTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { badge, mark } from "../ui/marks.js";
import { loaded } from "../ui/loaded.js";
import { heading, nothing } from "../ui/states.js";
import { visible } from "../ui/visible.js";

const MOST = 2000;

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const list = el("div", {});
  replace(root, heading(t("page.items"), t("items.text")), list);
  /** Which rows are open, so that new items do not close them. @type {Set<string>} */
  const open = new Set();
  const draw = ({ events }) => content(byKey(events), open);
  const part = loaded(list, () => getEvents("/items", { limit: MOST }), draw);
  const end = app.summary.subscribe(part.refresh);
  return {
    close() {
      end();
      part.close();
    },
  };
}

/** @returns {Map<string, Map<string, any[]>>} by key, then by id, the newest write first */
function byKey(events) {
  const keys = new Map();
  for (const event of events) {
    const rows = keys.get(event.name ?? "?") ?? new Map();
    const id = String(event.message?.get("id") ?? "?");
    rows.set(id, [...(rows.get(id) ?? []), event]);
    keys.set(event.name ?? "?", rows);
  }
  return keys;
}

function content(keys, open) {
  if (!keys.size) return nothing(t("items.none"), t("items.none.text"));
  return [...keys].map(([key, rows]) => table(key, rows, open));
}

function table(key, rows, open) {
  const newest = [...rows.values()].map((writes) => attributes(writes[0]));
  const names = [...new Set(newest.flatMap((values) => [...values.keys()]))];
  const head = [t("item.id"), ...names, t("item.writes"), t("column.client"), t("column.time")];
  return el(
    "section",
    { class: "item-table" },
    el("h2", {}, key, el("span", { class: "number" }, count(rows.size))),
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        { class: "grid" },
        el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, [...rows].map(([id, writes]) => row({ key, id, writes, names, open }))),
      ),
    ),
  );
}

/** @returns {Map<string, any>} */
const attributes = (event) => new Map(event.message?.get("attributes")?.members ?? []);

function row({ key, id, writes, names, open }) {
  const place = `${key}\n${id}`;
  const history = el("tr", { class: "history", hidden: !open.has(place) }, past(writes, names.length));
  const toggle = () => {
    history.hidden = !history.hidden;
    if (history.hidden) open.delete(place);
    else open.add(place);
  };
  const [last] = writes;
  const values = attributes(last);
  return [
    el(
      "tr",
      {},
      el("th", { scope: "row" }, mark(last.verdict), " ", id),
      names.map((name) => el("td", {}, visible(String(values.get(name) ?? "")))),
      el("td", {}, historyButton(writes.length, toggle)),
      el("td", {}, badge(last.client)),
      el("td", { class: "c-time" }, ago(last.received_ms)),
    ),
    history,
  ];
}

function historyButton(writes, click) {
  return el("button", { type: "button", class: "link", on: { click } }, count(writes));
}

function past(writes, columns) {
  const lines = writes.map((event) => {
    const onClick = () => go({ page: "live", filters: {}, open: event.id });
    return el(
      "li",
      {},
      el("time", {}, dateTime(event.received_ms)),
      el("code", {}, event.message?.get("attributes")?.text ?? ""),
      el("button", { type: "button", class: "link", on: { click: onClick } }, `#${event.id}`),
    );
  });
  return el("td", { colspan: String(columns + 4) }, el("ol", { class: "timeline" }, lines));
}
