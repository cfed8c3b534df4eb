/** Faults: answers that go wrong on request, to see what a client does then. */

import { change, get } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { loaded } from "../ui/loaded.js";
import { heading } from "../ui/states.js";
import { taskButton } from "../ui/tasks.js";

const STATUSES = [503, 500, 502, 504, 429, 408, 400, 401, 403, 404, 413, 200];

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const now = el("div", { class: "fault-now", role: "status" });
  const again = () => part.refresh();
  const forms = el("div", { class: "cards" }, CARDS.map((card) => form(card, again)));
  const ways = el("div", { hidden: true }, forms, el("p", { class: "gloss" }, t("faults.note")));
  replace(root, heading(t("page.faults"), t("faults.text")), now, ways);
  const part = loaded(now, () => get("/faults"), (faults) => {
    ways.hidden = false;
    return running(faults, again);
  });
  const end = app.summary.subscribe(part.refresh);
  return {
    close() {
      end();
      part.close();
    },
  };
}

/** The four ways, each with the fields it needs and what it asks for. */
const CARDS = [
  {
    name: "fail",
    fields: ["next", "status"],
    fault: ({ next, status }) => ({ next, status }),
  },
  {
    name: "slow",
    fields: ["delay", "percent"],
    fault: ({ delay, percent }) => ({ delay_ms: delay, percent }),
  },
  { name: "drop", fields: ["percent"], fault: ({ percent }) => ({ drop: true, percent }) },
  { name: "truncate", fields: ["percent"], fault: ({ percent }) => ({ truncate: true, percent }) },
];

const FIELDS = {
  next: { value: "3", min: "1", step: "1" },
  delay: { value: "2000", min: "1", step: "100" },
  percent: { value: "100", min: "1", max: "100", step: "1" },
};

function form({ name, fields, fault }, then) {
  const inputs = Object.fromEntries(fields.map((field) => [field, input(field)]));
  const path = el("input", { placeholder: "/collect", "aria-label": t("fault.path") });
  const start = async () => {
    const values = Object.fromEntries(fields.map((field) => [field, Number(inputs[field].value)]));
    const where = /** @type {HTMLInputElement} */ (path).value;
    await change("PUT", "/faults", { json: { ...fault(values), ...(where ? { path: where } : {}) } });
    then();
  };
  return el(
    "section",
    { class: "card" },
    el("h2", {}, t(`fault.${name}`)),
    el("p", { class: "gloss" }, t(`fault.${name}.text`)),
    fields.map((field) => el("label", { class: "field" }, t(`fault.field.${field}`), inputs[field])),
    el("label", { class: "field" }, t("fault.path"), path),
    taskButton(t("fault.start"), start, "primary"),
  );
}

/** @returns {any} */
function input(field) {
  if (field !== "status") return el("input", { type: "number", ...FIELDS[field] });
  return el("select", {}, STATUSES.map((status) => el("option", { value: status }, status)));
}

function running(faults, then) {
  if (!faults.active) {
    return el("p", { class: "fault-off" }, el("span", { class: "dot" }), t("faults.off"), hits(faults));
  }
  const stop = async () => {
    await change("DELETE", "/faults");
    then();
  };
  return el(
    "p",
    { class: "fault-on" },
    el("span", { class: "dot on" }),
    el("span", {}, description(faults)),
    hits(faults),
    taskButton(t("fault.stop"), stop, "danger"),
  );
}

function hits({ hit }) {
  return hit ? el("span", { class: "gloss" }, t("faults.hit", { n: hit })) : null;
}

function description(faults) {
  const parts = [
    faults.next === null ? t("faults.endless") : t("faults.left", { n: faults.next }),
    faults.percent < 100 && `${faults.percent} %`,
    faults.status && t("faults.status", { status: String(faults.status) }),
    faults.delay_ms && t("faults.delay", { ms: faults.delay_ms }),
    faults.drop && t("fault.drop"),
    faults.truncate && t("fault.truncate"),
    faults.path && t("faults.path", { path: faults.path }),
  ];
  return parts.filter(Boolean).join(" · ");
}
