/** Problems: one entry for each cause and place, the bad ones first, then the newest. */

import { change, get } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { ago, count } from "../core/format.js";
import { fix, headline, sentence, t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { badge, mark } from "../ui/marks.js";
import { loaded } from "../ui/loaded.js";
import { heading, nothing } from "../ui/states.js";
import { taskButton } from "../ui/tasks.js";

const SHOWN_NAMES = 8;

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const list = el("div", {});
  replace(root, heading(t("page.problems"), t("problems.text")), list);
  const read = async () => ({ ...(await get("/problems")), muted: (await get("/muted")).codes });
  const part = loaded(list, read, (found) => content(found, mute));
  const mute = async (codes) => {
    await change("PUT", "/muted", { json: { codes } });
    await part.refresh();
  };
  const end = app.summary.subscribe(part.refresh);
  return {
    close() {
      end();
      part.close();
    },
  };
}

function content({ problems, muted }, mute) {
  const add = (code) => mute([...muted, code]);
  const none = nothing(t("problems.none"), t("problems.all.well"));
  return [
    problems.length
      ? el("ul", { class: "causes" }, problems.map((problem) => cause(problem, add)))
      : none,
    muted.length > 0 && mutedLine(muted, mute),
    el("p", { class: "gloss" }, t("verdict.note")),
  ];
}

/** The codes that are left out, each with a way back. */
function mutedLine(muted, mute) {
  const back = (code) => {
    const others = muted.filter((one) => one !== code);
    const button = taskButton(t("unmute", { code }), () => mute(others), "small");
    return button;
  };
  return el("p", { class: "muted" }, t("muted"), muted.map(back));
}

function cause(problem, mute) {
  const open = () => go({ page: "live", filters: { code: problem.code }, open: problem.last_event });
  return el(
    "li",
    { class: `cause ${problem.level}` },
    el("div", { class: "cause-count" }, mark(problem.level), el("b", {}, count(problem.events))),
    el(
      "div",
      { class: "cause-text" },
      el("p", { class: "problem-headline" }, headline(problem), place(problem)),
      el("p", { class: "problem-sentence" }, sentence(problem)),
      el("p", { class: "problem-fix" }, el("b", {}, t("fix")), fix(problem)),
      el("p", { class: "cause-who" }, who(problem)),
    ),
    el(
      "div",
      { class: "cause-end" },
      el("span", { class: "gloss" }, ago(problem.last_ms)),
      el("button", { type: "button", class: "button small", on: { click: open } }, t("show.events")),
      muteButton(problem.code, mute),
    ),
  );
}

function muteButton(code, mute) {
  const button = taskButton(t("mute"), () => mute(code), "small quiet");
  button.title = t("mute.text", { code });
  return button;
}

function place({ path }) {
  return path && [" ", el("code", {}, path)];
}

function who({ clients, names }) {
  const more = names.length - SHOWN_NAMES;
  return [
    clients.map(badge),
    names.slice(0, SHOWN_NAMES).map((name) => el("code", {}, name)),
    more > 0 && el("span", { class: "gloss" }, t("more.names", { n: more })),
  ];
}
