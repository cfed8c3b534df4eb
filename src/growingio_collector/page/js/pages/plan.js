/** Plan: what is planned against what was seen. */

import { change, get } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { sentence, t, why } from "../core/i18n.js";
import { copyButton } from "../core/clipboard.js";
import { confirmed } from "../ui/dialog.js";
import { loaded } from "../ui/loaded.js";
import { failed, heading, nothing } from "../ui/states.js";
import { attempt, taskButton } from "../ui/tasks.js";
import { toast } from "../ui/toast.js";
import { report } from "./plan_report.js";

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const parts = { note: el("div", {}), report: el("div", {}), draft: el("div", {}) };
  const read = async () => {
    const given = await get("/plan");
    return { plan: given, report: given.text ? await reportOrNone() : null };
  };
  const part = loaded(parts.report, read, content);
  const use = (text, type) => put(text, type, parts.note, part.refresh);
  replace(
    root,
    heading(t("page.plan"), t("plan.text"), draftButton(parts.draft, use)),
    dropZone(use),
    parts.note,
    parts.draft,
    parts.report,
  );
  const end = app.summary.subscribe(part.refresh);
  return {
    close() {
      end();
      part.close();
    },
  };

  function content({ plan, report: found }) {
    if (!plan.text) return nothing(t("plan.none"), t("plan.none.text"));
    return [plan.wrong && defects(plan.wrong), report(found), removal(part.refresh)];
  }
}

async function reportOrNone() {
  try {
    return await get("/plan/report", { format: "json" });
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function dropZone(use) {
  const input = el("input", { type: "file", accept: ".yaml,.yml,.csv", class: "offscreen" });
  const take = (file) => {
    if (file) use(file, file.name.endsWith(".csv") ? "text/csv" : "application/yaml");
  };
  input.addEventListener("change", () => {
    const field = /** @type {HTMLInputElement} */ (input);
    take(field.files?.[0]);
    field.value = "";
  });
  const words = [el("b", {}, t("plan.drop")), t("plan.drop.text")];
  const zone = el("label", { class: "drop" }, words, input);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer?.files[0]);
  });
  return zone;
}

/** Uses a plan, or says what is wrong with it. */
async function put(text, type, note, then) {
  try {
    await change("PUT", "/plan", { text, type });
    replace(note);
    toast(t("plan.used"));
    then();
  } catch (error) {
    replace(note, error.content?.defects ? defects(error.content) : failed(error));
  }
}

function defects(content) {
  const rows = content.defects.map((one) =>
    el(
      "li",
      {},
      el("b", {}, one.line ? t("plan.line", { n: one.line }) : t("plan.whole")),
      one.field && el("code", {}, one.field),
      sentence(one),
    ),
  );
  return el(
    "div",
    { class: "defects", role: "alert" },
    el("h2", {}, t("plan.wrong")),
    rows.length ? el("ul", {}, rows) : el("p", {}, why(content)),
  );
}

function draftButton(into, use) {
  return taskButton(t("plan.draft"), async () => {
    const text = await (await change("POST", "/plan/draft")).text();
    const area = /** @type {HTMLTextAreaElement} */ (
      el("textarea", { class: "editor", rows: "18", spellcheck: "false", value: text })
    );
    const close = () => replace(into);
    replace(
      into,
      el("h2", {}, t("plan.draft.title")),
      el("p", { class: "gloss" }, t("plan.draft.text")),
      area,
      el(
        "p",
        { class: "after" },
        taskButton(t("plan.use"), async () => {
          await use(area.value, "application/yaml");
        }, "primary"),
        copyButton(() => area.value),
        el("button", { type: "button", class: "button", on: { click: close } }, t("close")),
      ),
    );
  });
}

function removal(then) {
  const remove = () =>
    attempt(async () => {
      await change("DELETE", "/plan");
      then();
    });
  const label = t("plan.remove");
  const click = () => confirmed(label, t("plan.remove.text"), label, remove);
  const button = el("button", { type: "button", class: "button danger", on: { click } }, label);
  return el("p", { class: "after" }, button);
}
