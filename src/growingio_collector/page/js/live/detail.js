/** The chosen event, beside the stream; on a narrow screen, over it. */

import { getEvent } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { dateTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { pretty } from "../core/written.js";
import { copyButton } from "../core/clipboard.js";
import { badge, mark } from "../ui/marks.js";
import { failed, nothing } from "../ui/states.js";
import { visible } from "../ui/visible.js";
import { elsewhere } from "./elsewhere.js";
import { fields } from "./fields.js";
import { problemList } from "./problem_list.js";
import { requestView } from "./request_view.js";
import { title, typeName } from "./row.js";

const TABS = ["fields", "problems", "raw", "request", "elsewhere"];
const SHOWN_CHARACTERS = 200_000;

/** @param {any} app */
export function detail(app) {
  const element = el("aside", { class: "detail", "aria-label": t("detail") });
  const state = { id: undefined, tab: "fields" };
  const draw = (event) => {
    // Whoever opens a bad event wants the reason first, and keeps the tab after that.
    if (!event.message && state.tab === "fields") state.tab = "problems";
    replace(element, head(event), tabs(event, state, draw), body(event, state.tab));
  };
  const showOne = async (id) => {
    if (id === state.id) return;
    state.id = id;
    if (id === null) return replace(element, nothing(t("detail.none"), t("detail.none.text")));
    try {
      const event = app.feed.find(id) ?? (await getEvent(id));
      if (state.id === id) draw(event);
    } catch (error) {
      if (state.id === id) replace(element, backButton(), failed(error));
    }
  };
  return { element, show: showOne, close: () => replace(element) };
}

function head(event) {
  const facts = [
    event.kind === "request" ? null : typeName(event),
    dateTime(event.received_ms),
    event.project && `${t("project")} ${event.project}`,
    event.user_id && [t("user"), " ", visible(event.user_id)],
    !event.user_id && event.device_id && [t("device"), " ", visible(event.device_id)],
  ];
  const shown = facts.filter(Boolean).map((fact) => el("span", {}, fact));
  return el(
    "header",
    { class: `detail-head ${event.verdict}` },
    backButton(),
    el(
      "div",
      { class: "detail-title" },
      mark(event.verdict),
      el("h2", {}, event.kind === "request" ? t("kind.request") : visible(title(event) || typeName(event))),
    ),
    el("p", { class: "detail-facts" }, badge(event.client), shown),
  );
}

/** Closes what is open: a cross beside the list, an arrow where it covers the list. */
export function backButton() {
  const onClick = () => go({ open: null });
  return el(
    "button",
    { type: "button", class: "button back", "aria-label": t("back"), on: { click: onClick } },
    el("span", { class: "back-arrow", "aria-hidden": "true" }, "←"),
    el("span", { class: "back-cross", "aria-hidden": "true" }, "×"),
  );
}

function tabs(event, state, draw) {
  const tab = (name) => {
    const onClick = () => {
      state.tab = name;
      draw(event);
    };
    const number = name === "problems" && event.problems.length ? event.problems.length : null;
    return el(
      "button",
      {
        type: "button",
        class: "tab",
        role: "tab",
        "aria-selected": String(state.tab === name),
        on: { click: onClick },
      },
      t(`tab.${name}`),
      number && el("span", { class: `tab-count ${event.verdict}` }, number),
    );
  };
  return el("div", { class: "tabs", role: "tablist" }, TABS.map(tab));
}

function body(event, tab) {
  const pane = el("div", { class: "detail-body", role: "tabpanel" });
  if (tab === "fields") replace(pane, fields(event), copyMessage(event));
  else if (tab === "problems") replace(pane, problemList(event));
  else if (tab === "raw") replace(pane, raw(event));
  else later(pane, tab === "request" ? requestView(event.request_id) : elsewhere(event));
  return pane;
}

function copyMessage(event) {
  if (!event.message) return null;
  const json = () => indented(event.message);
  return el("p", { class: "after" }, copyButton(json, t("copy.json")));
}

/** With one member a line, unless it is nested too deeply for that. */
function indented(message) {
  try {
    return pretty(message);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return message.text;
  }
}

/** The message's own characters, in the order in which they stand. */
function raw({ message }) {
  if (!message) return nothing(t("fields.none"), t("fields.none.text"));
  // What is no message any more, because the file was damaged, comes as a string.
  const text = message.type === "string" ? String(message) : message.text;
  return [
    el("p", { class: "gloss" }, t("raw.text")),
    el("pre", { class: "raw" }, text.slice(0, SHOWN_CHARACTERS)),
    text.length > SHOWN_CHARACTERS && el("p", { class: "gloss" }, t("raw.more")),
    el("p", { class: "after" }, copyButton(() => text)),
  ];
}

/** Fills the pane when the content is there. */
async function later(pane, content) {
  try {
    replace(pane, await content);
  } catch (error) {
    replace(pane, failed(error));
  }
}
