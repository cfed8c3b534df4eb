/** The frame of every page: where one is, whether the stream lives, language and theme. */

import { el, replace } from "./core/dom.js";
import { count } from "./core/format.js";
import { language, setLanguage, t } from "./core/i18n.js";
import { isDark, setTheme } from "./core/prefs.js";
import { PAGES, go, route } from "./core/route.js";
import { toggleHelp } from "./ui/dialog.js";

/** Ends of what the frame that is shown now listens to. @type {(() => void)[]} */
let ends = [];

/** @param {any} app */
export function shell(app) {
  for (const end of ends) end();
  const nav = el("nav", { class: "pages", "aria-label": t("pages") });
  const state = el("span", { class: "state", role: "status" });
  const forward = el("span", { class: "forward-to" });
  const bad = el("span", { class: "nav-count" });
  const links = PAGES.map((name) => link(name, name === "problems" ? bad : null));
  replace(nav, links);
  const drawPage = () => links.forEach((one, i) => markCurrent(one, PAGES[i]));
  const drawBad = () => {
    const number = app.summary.value?.stored?.bad ?? 0;
    if (bad.textContent === count(number)) return;
    bad.hidden = number === 0;
    replace(bad, count(number));
    drawPage(); // what is current may have moved out of sight
  };
  const drawState = () => {
    state.dataset.state = app.stream.state.value;
    replace(state, el("i", { "aria-hidden": "true" }), t(`state.${app.stream.state.value}`));
  };
  const drawForward = () => {
    const url = app.info.value?.forward;
    forward.hidden = !url;
    if (url) replace(forward, t("forwarding.to", { url }));
  };
  drawPage();
  drawBad();
  drawState();
  drawForward();
  document.title = t("title");
  ends = [
    app.summary.subscribe(drawBad),
    route.subscribe(drawPage),
    app.stream.state.subscribe(drawState),
    app.info.subscribe(drawForward),
  ];
  return el("header", { class: "top" }, brand(), nav, forward, state, switches());
}

function brand() {
  const logo = el("img", { src: "/page/icon.svg", alt: "", width: "20", height: "20" });
  return el("a", { class: "brand", href: "#/live" }, logo, el("span", {}, "Collector"));
}

function link(name, end) {
  const click = (event) => {
    event.preventDefault();
    go({ page: name, filters: {}, open: null });
  };
  return el("a", { href: `#/${name}`, on: { click } }, t(`page.${name}`), end);
}

function markCurrent(one, name) {
  if (route.value.page !== name) return one.removeAttribute("aria-current");
  one.setAttribute("aria-current", "page");
  // On a narrow screen the pages are a line that is scrolled.
  requestAnimationFrame(() => one.scrollIntoView({ block: "nearest", inline: "nearest" }));
}

function switches() {
  const other = language.value === "en" ? "zh-CN" : "en";
  const dark = isDark();
  const button = (label, text, click) =>
    el(
      "button",
      { type: "button", class: "button quiet", "aria-label": label, title: label, on: { click } },
      text,
    );
  return el(
    "div",
    { class: "switches" },
    button(t("language.other"), other === "en" ? "EN" : "中文", () => setLanguage(other)),
    button(t(dark ? "theme.to.light" : "theme.to.dark"), dark ? "☀" : "☾", () =>
      setTheme(dark ? "light" : "dark"),
    ),
    button(t("help.title"), "?", toggleHelp),
  );
}
