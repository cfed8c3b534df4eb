/** The same event from other clients, side by side: which fields, and of which types. */

import { getEvents } from "../core/api.js";
import { el } from "../core/dom.js";
import { ago } from "../core/format.js";
import { t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { nothing } from "../ui/states.js";

const COMPARED = 500;

/** @param {any} event */
export async function elsewhere(event) {
  if (!event.name) return nothing(t("elsewhere.none"), t("elsewhere.none.text"));
  const params = { kind: event.kind, name: event.name, limit: COMPARED };
  const { events } = await getEvents("/events", params);
  const clients = byClient(events);
  return [
    el("p", { class: "gloss" }, t("elsewhere.text", { n: events.length })),
    el("table", { class: "compare" }, head(clients), el("tbody", {}, rows(clients))),
  ];
}

/** @returns {Map<string, any[]>} newest first, as they came */
function byClient(events) {
  const clients = new Map();
  for (const event of events) {
    const client = event.client ?? t("unknown");
    clients.set(client, [...(clients.get(client) ?? []), event]);
  }
  return clients;
}

function head(clients) {
  const cells = [...clients].map(([client, events]) => {
    const onClick = () => go({ open: events[0].id });
    return el(
      "th",
      { scope: "col" },
      el("button", { type: "button", class: "link", on: { click: onClick } }, client),
      el("span", { class: "gloss" }, `${events.length} · ${ago(events[0].received_ms)}`),
    );
  });
  return el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("property")), cells));
}

function rows(clients) {
  const tables = [...clients.values()].map(typesByKey);
  const keys = [...new Set(tables.flatMap((table) => [...table.keys()]))].sort();
  return keys.map((key) => {
    const cells = tables.map((table) => [...(table.get(key) ?? [])].sort());
    const conflict = new Set(cells.flat()).size > 1;
    return el(
      "tr",
      { class: conflict ? "warn" : null },
      el("th", { scope: "row" }, key),
      cells.map((types) => el("td", {}, types.map((type) => t(`type.${type}`)).join(", ") || "–")),
      );
  });
}

/** @returns {Map<string, Set<string>>} */
function typesByKey(events) {
  const table = new Map();
  for (const { message } of events) {
    for (const [key, value] of message?.get("attributes")?.members ?? []) {
      table.set(key, (table.get(key) ?? new Set()).add(value.type));
    }
  }
  return table;
}
