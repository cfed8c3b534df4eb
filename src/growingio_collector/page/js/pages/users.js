/** Users: which ids belong together, and what one user did. */

import { get, getEvents } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { ago, dateTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { go, route } from "../core/route.js";
import { badge, mark } from "../ui/marks.js";
import { loaded } from "../ui/loaded.js";
import { heading, nothing } from "../ui/states.js";
import { title, typeName } from "../live/row.js";

const SHOWN_JOINS = 5;
const LINE_LIMIT = 200;
const LISTS = { users: "user", devices: "device", user_keys: "user_key" };

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const groups = el("div", { class: "user-groups" });
  const line = el("aside", { class: "user-line", hidden: true });
  const both = el("div", { class: "users" }, groups, line);
  replace(root, heading(t("page.users"), t("users.text")), both);
  const parts = [
    loaded(groups, () => get("/identities"), ({ groups: all }) => content(all)),
    loaded(line, readLine, (found) => {
      line.hidden = found === null;
      return found && timeline(found);
    }),
  ];
  const refresh = () => parts.forEach((part) => part.refresh());
  const ends = [
    app.summary.subscribe(refresh),
    route.subscribe(() => {
      for (const chip of groups.querySelectorAll(".chip")) markChosen(chip);
      refresh();
    }),
  ];
  return {
    close() {
      for (const one of [...ends, ...parts.map((part) => part.close)]) one();
    },
  };
}

/** The events of the user or device that the address names; null when it names none. */
async function readLine() {
  const { user, device } = route.value.filters;
  if (!user && !device) return null;
  return { name: user ?? device, ...(await getEvents("/events", { user, device, limit: LINE_LIMIT })) };
}

function content(groups) {
  if (!groups.length) return nothing(t("users.none"), t("users.none.text"));
  return el("ul", { class: "groups" }, groups.map(group));
}

function group(one) {
  return el(
    "li",
    { class: "group" },
    Object.keys(LISTS).map((list) => one[list].length > 0 && ids(list, one[list])),
    el(
      "p",
      { class: "group-facts" },
      t("users.events", { n: one.events }),
      ` · ${ago(one.last_ms)}`,
      one.joined_by.length > 0 && [" · ", t("users.joined"), joins(one.joined_by)],
    ),
  );
}

function ids(list, values) {
  const name = LISTS[list];
  return el(
    "div",
    { class: "ids-line" },
    el("span", { class: "ids-name" }, t(`users.${list}`)),
    values.map((value) => (list === "user_keys" ? el("code", {}, value) : idButton(name, value))),
  );
}

function idButton(name, value) {
  const click = () => go({ filters: { [name]: value } });
  const button = el("button", { type: "button", class: "chip", data: { name }, on: { click } }, value);
  markChosen(button);
  return button;
}

function markChosen(chip) {
  const chosen = route.value.filters[chip.dataset.name] === chip.textContent;
  chip.setAttribute("aria-pressed", String(chosen));
}

function joins(events) {
  return events.slice(-SHOWN_JOINS).map((id) => {
    const onClick = () => go({ page: "live", filters: {}, open: id });
    return el("button", { type: "button", class: "link", on: { click: onClick } }, `#${id}`);
  });
}

function timeline({ name, events, total }) {
  return [
    el("h2", { class: "line-head" }, t("users.line", { name, n: total }), closeLine()),
    el("ol", { class: "timeline" }, events.map(moment)),
  ];
}

function closeLine() {
  const click = () => go({ filters: {} });
  return el("button", { type: "button", class: "link", on: { click } }, t("close"));
}

function moment(event) {
  const onClick = () => go({ page: "live", filters: {}, open: event.id });
  return el(
    "li",
    {},
    el("time", {}, dateTime(event.received_ms)),
    mark(event.verdict),
    el(
      "button",
      { type: "button", class: "link", on: { click: onClick } },
      title(event) || typeName(event),
    ),
    el("span", { class: "type" }, typeName(event)),
    badge(event.client),
    event.user_id && el("span", { class: "gloss" }, event.user_id),
  );
}
