/** One line of the stream. */

import { el } from "../core/dom.js";
import { clock } from "../core/format.js";
import { sentence, t } from "../core/i18n.js";
import { badge, mark } from "../ui/marks.js";
import { visible } from "../ui/visible.js";

const SHOWN_ATTRIBUTES = 6;
const SHOWN_CHARACTERS = 80;

/**
 * @param {any} event
 * @param {boolean} chosen
 * @param {() => void} choose
 */
export function row(event, chosen, choose) {
  const name = title(event);
  return el(
    "div",
    {
      class: `row ${event.verdict} ${event.kind}${name ? "" : " unnamed"}`,
      role: "option",
      id: `event-${event.id}`,
      "aria-selected": String(chosen),
      data: { id: event.id },
      on: { click: choose },
    },
    el("time", { class: "row-time" }, clock(event.received_ms)),
    mark(event.verdict),
    el("span", { class: "row-client" }, badge(event.client)),
    el("span", { class: "row-type" }, typeName(event)),
    el("span", { class: "row-name" }, visible(name || typeName(event))),
    el("span", { class: "row-user" }, visible(event.user_id ?? event.device_id ?? "")),
    el("span", { class: "row-attributes" }, attributes(event)),
  );
}

/** What kind of thing it is, in the words of the wire. @param {any} event @returns {string} */
export function typeName(event) {
  return event.type ?? t(`kind.${event.kind}`);
}

/** The name, or what stands for it. @param {any} event @returns {string} */
export function title(event) {
  if (event.kind === "request") return event.problems.map(sentence).join(" ");
  if (event.kind === "item") return `${event.name ?? "?"} · ${event.message?.get("id") ?? "?"}`;
  return event.name ?? "";
}

function attributes(event) {
  const from = event.message?.get("attributes") ?? event.message?.get("identifies");
  if (!from || from.type === "null") return "";
  if (from.type !== "object") return visible(String(from).slice(0, SHOWN_CHARACTERS));
  return from.members
    .slice(0, SHOWN_ATTRIBUTES)
    .map(([key, value]) => [
      el("span", { class: "key" }, visible(key), "="),
      visible(String(value).slice(0, SHOWN_CHARACTERS)),
      "  ",
    ]);
}
