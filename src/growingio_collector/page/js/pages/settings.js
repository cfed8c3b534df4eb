/** Settings: what this collector is, what it keeps, and how the page looks. */

import { change, get } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { bytes, count } from "../core/format.js";
import { language, setLanguage, t, why } from "../core/i18n.js";
import { copyButton } from "../core/clipboard.js";
import { setTheme, theme } from "../core/prefs.js";
import { phone } from "../ui/phone.js";
import { loaded } from "../ui/loaded.js";
import { heading, nothing } from "../ui/states.js";
import { taskButton } from "../ui/tasks.js";

const RECENT = 20;
const DAY_S = 86400;

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const about = el("div", {});
  const forward = el("div", {});
  replace(
    root,
    heading(t("page.settings"), t("settings.text")),
    el(
      "div",
      { class: "cards wide" },
      card(t("settings.look"), look()),
      card(t("settings.about"), about),
      card(t("settings.forward"), forward),
    ),
  );
  const parts = [
    loaded(about, () => get("/info"), facts),
    loaded(forward, () => get("/forward"), (state) => forwarding(state, () => parts[1].refresh())),
  ];
  const end = app.summary.subscribe(() => parts.forEach((part) => part.refresh()));
  return {
    close() {
      end();
      for (const part of parts) part.close();
    },
  };
}

function card(title, content) {
  return el("section", { class: "card" }, el("h2", {}, title), content);
}

function look() {
  return [
    choice(t("settings.language"), { en: "English", "zh-CN": "简体中文" }, language.value, setLanguage),
    choice(
      t("settings.theme"),
      { auto: t("theme.auto"), light: t("theme.light"), dark: t("theme.dark") },
      theme.value,
      setTheme,
    ),
  ];
}

function choice(label, options, chosen, choose) {
  const buttons = Object.entries(options).map(([value, text]) =>
    el(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(value === chosen),
        on: { click: () => choose(value) },
      },
      text,
    ),
  );
  return el(
    "div",
    { class: "field", role: "group", "aria-label": label },
    el("span", {}, label),
    el("div", { class: "inline" }, buttons),
  );
}

function facts(info) {
  const { limits } = info;
  const all = [
    [t("settings.version"), info.version],
    [t("settings.urls"), info.urls.map(address)],
    [t("settings.phone"), info.network_page ? phone(info.network_page) : t("settings.phone.none")],
    [t("settings.db"), [el("code", {}, info.db), info.temporary && ` (${t("settings.temporary")})`]],
    [t("settings.events"), bound(limits.max_events, count)],
    [t("settings.age"), bound(limits.max_age_s, age)],
    [t("settings.body"), bound(limits.max_body_bytes, bytes)],
    [t("settings.plan"), t(info.plan ? "yes" : "no")],
  ];
  const pairs = all.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el("dl", { class: "facts" }, pairs);
}

function address(url) {
  return el("span", { class: "inline" }, el("code", {}, url), copyButton(() => url));
}

/** None and 0 mean that nothing is removed for this reason. */
const bound = (value, show) => (value ? show(value) : t("settings.unbounded"));

function age(seconds) {
  return seconds % DAY_S === 0
    ? t("settings.days", { n: seconds / DAY_S })
    : t("settings.hours", { n: Math.round(seconds / 360) / 10 });
}

function forwarding(state, then) {
  if (!state.url) return nothing(t("forward.off"), t("forward.off.text"));
  const counts = Object.entries(state.counts).filter(([, number]) => number > 0);
  const again = async () => {
    await change("POST", "/forward/replay", { json: { requests: null } });
    then();
  };
  return [
    el("p", { class: "forward-url" }, t("forwarding.to", { url: state.url })),
    el("p", {}, counts.map(stat)),
    state.counts.failed > 0 && taskButton(t("forward.again"), again),
    el("ul", { class: "recent" }, state.recent.slice(0, RECENT).map(sent)),
  ];
}

function stat([name, number]) {
  return el("span", { class: "stat" }, el("b", {}, count(number)), t(`forward.${name}`));
}

function sent(forward) {
  const { request_id: id, state, status } = forward;
  return el(
    "li",
    { class: state },
    el("a", { href: `#/requests?open=${id}` }, `#${id}`),
    el("span", {}, t(`forward.${state}`)),
    el("span", { class: "gloss" }, why(forward) ?? (status ? String(status) : "")),
  );
}
