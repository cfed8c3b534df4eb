/** First sight: nothing has arrived yet, and how that changes. */

import { copyButton } from "../core/clipboard.js";
import { el, replace } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { keep, kept } from "../core/prefs.js";
import { phone } from "../ui/phone.js";
import { toast } from "../ui/toast.js";
import { SNIPPETS } from "./snippets.js";

const REASONS = [
  "debug", "buffered", "host", "scheme", "proxy", "container", "local", "permission",
];

/** An id stands in code and in a path: nothing that would end either. */
const UNSAFE = /[^\w.-]/g;

/** @param {any} app */
export function start(app) {
  return el(
    "section",
    { class: "start" },
    el("h1", {}, t("start.title")),
    address(),
    phoneCode(app),
    el("p", { class: "start-text" }, t("start.text")),
    snippetTabs(),
    el(
      "div",
      { class: "start-test" },
      el("button", { type: "button", class: "button primary", on: { click: sendTest } }, t("test")),
      el("span", { class: "gloss" }, t("test.text")),
    ),
    notArriving(),
  );
}

function address() {
  return el(
    "p",
    { class: "listening" },
    el("span", { class: "pulse", "aria-hidden": "true" }),
    el("code", {}, location.origin),
    copyButton(() => location.origin),
  );
}

/** The address for a phone, once it is known that phones can connect. */
function phoneCode({ info }) {
  const part = el("div", {});
  const draw = ({ network_page: url }) => url && replace(part, phone(url));
  if (info.value) draw(info.value);
  else info.subscribe(draw);
  return part;
}

const ids = () => ({
  host: location.origin,
  project: kept("project", "my-project"),
  source: kept("source", "my-source"),
});

function snippetTabs() {
  const list = el("div", { class: "tabs", role: "tablist" });
  const pane = el("div", { class: "snippet", role: "tabpanel" });
  const draw = () => {
    const chosen = SNIPPETS.find(({ id }) => id === kept("snippet", "python")) ?? SNIPPETS[0];
    replace(list, SNIPPETS.map((one) => tab(one, one === chosen, draw)));
    replace(pane, snippet(chosen));
  };
  const inputs = ["project", "source"].map((name) => idInput(name, draw));
  draw();
  return el("div", { class: "start-code" }, el("div", { class: "ids" }, inputs), list, pane);
}

function idInput(name, draw) {
  const input = () => {
    field.value = field.value.replace(UNSAFE, "");
    keep(name, field.value || null);
    draw();
  };
  const field = /** @type {HTMLInputElement} */ (
    el("input", { value: ids()[name], spellcheck: "false", on: { input } })
  );
  return el("label", {}, t(`id.${name}`), field);
}

function tab({ id, label }, chosen, draw) {
  const onClick = () => {
    keep("snippet", id);
    draw();
  };
  return el(
    "button",
    {
      type: "button",
      class: "tab",
      role: "tab",
      "aria-selected": String(chosen),
      on: { click: onClick },
    },
    label.startsWith("snippet.") ? t(label) : label,
  );
}

function snippet({ code, note }) {
  const text = code(ids());
  return [
    note && el("p", { class: "note" }, t(note)),
    el("div", { class: "code" }, el("pre", {}, el("code", {}, text)), copyButton(() => text)),
  ];
}

/** Posts one event as a client would; whatever is wrong on the way shows on this page. */
async function sendTest() {
  const { project, source } = ids();
  const now = Date.now();
  const event = {
    eventType: "CUSTOM",
    eventName: "test_event",
    dataSourceId: source,
    userId: "test-user",
    deviceId: "this-page",
    timestamp: now,
    attributes: { from: t("test.from"), list: "a||b" },
  };
  try {
    const path = `/v3/projects/${encodeURIComponent(project)}/collect?stm=${now}`;
    const headers = { "Content-Type": "application/json" };
    await fetch(path, { method: "POST", headers, body: JSON.stringify([event]) });
  } catch (error) {
    toast(String(error), "bad");
  }
}

function notArriving() {
  const reasons = REASONS.map((name) => [
    el("dt", {}, t(`why.${name}`)),
    el("dd", {}, t(`why.${name}.text`)),
  ]);
  return el(
    "details",
    { class: "not-arriving", open: true },
    el("summary", {}, t("why")),
    el("dl", {}, reasons),
  );
}
