/** The bar above the stream: search, filters, pause, clear, export. */

import { address, change } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go, known, route } from "../core/route.js";
import { columns } from "../ui/chart.js";
import { confirmed } from "../ui/dialog.js";
import { importButton } from "../ui/dropping.js";
import { mark } from "../ui/marks.js";
import { toast } from "../ui/toast.js";

const TYPED_PAUSE_MS = 150;
const VERDICTS = ["ok", "warn", "bad"];
const ADDABLE = ["user", "device", "client", "project", "type", "run", "code"];

/** @param {any} app */
export function bar(app) {
  const search = searchField();
  const parts = {
    chips: el("div", { class: "chips" }),
    actions: el("div", { class: "actions" }),
    chart: el("div", { class: "rate" }),
  };
  const element = el("div", { class: "bar" }, search, parts.chips, parts.chart, parts.actions);
  const draw = () => {
    replace(parts.chips, verdictChips(), otherChips(), adder());
    replace(parts.actions, actions(app));
  };
  const drawChart = () => replace(parts.chart, columns(app.rates.series(), t("chart")));
  draw();
  drawChart();
  return { element, search, draw, drawActions: () => drawPause(parts.actions, app), drawChart };
}

function searchField() {
  let timer;
  const input = () => {
    clearTimeout(timer);
    timer = setTimeout(() => setFilter("q", search.value), TYPED_PAUSE_MS);
  };
  const search = /** @type {HTMLInputElement} */ (
    el("input", {
      class: "search",
      type: "search",
      placeholder: t("search"),
      "aria-label": t("search"),
      value: route.value.filters.q ?? "",
      on: { input },
    })
  );
  return search;
}

/** @param {string} name @param {string|null} value null or empty takes the filter away */
export function setFilter(name, value) {
  const filters = { ...route.value.filters };
  if (value) filters[name] = value;
  else delete filters[name];
  go({ filters });
}

function verdictChips() {
  const chosen = route.value.filters.status;
  return VERDICTS.map((verdict) => {
    const on = chosen === verdict;
    return el(
      "button",
      {
        type: "button",
        class: `chip ${verdict}`,
        "aria-pressed": String(on),
        on: { click: () => setFilter("status", on ? null : verdict) },
      },
      mark(verdict),
      el("span", { class: "chip-text" }, t(`verdict.${verdict}`)),
    );
  });
}

function otherChips() {
  return Object.entries(known(route.value.filters))
    .filter(([name]) => name !== "status" && name !== "q")
    .map(([name, value]) =>
      el(
        "button",
        {
          type: "button",
          class: "chip set",
          title: t("filter.remove"),
          on: { click: () => setFilter(name, null) },
        },
        el("span", { class: "chip-name" }, name),
        el("span", { class: "chip-value" }, value),
        el("span", { "aria-hidden": "true" }, "×"),
      ),
    );
}

function adder() {
  const names = ADDABLE.map((name) => el("option", { value: name }, t(`filter.${name}`)));
  const select = el(
    "select",
    { "aria-label": t("filter.field") },
    names,
    el("option", { value: "attr" }, t("filter.attr")),
  );
  const value = el("input", { "aria-label": t("filter.value"), placeholder: t("filter.value") });
  const submit = (event) => {
    event.preventDefault();
    add(select.value, value.value.trim());
  };
  const button = el("button", { class: "button small", type: "submit" }, t("filter.add"));
  return el(
    "details",
    { class: "menu" },
    el(
      "summary",
      { class: "chip", "aria-label": t("filter.add.one") },
      "+",
      el("span", { class: "chip-text" }, t("filter")),
    ),
    el("form", { class: "menu-body adder", on: { submit } }, select, value, button),
  );
}

function add(name, value) {
  if (name !== "attr") return setFilter(name, value);
  const [key, ...rest] = value.split("=");
  if (rest.length) setFilter(`attr.${key}`, rest.join("="));
  else toast(t("filter.attr.form"), "bad");
}

function actions(app) {
  return [
    el("button", { type: "button", class: "button pause", on: { click: () => pause(app) } }),
    el("button", { type: "button", class: "button", on: { click: () => clear(app) } }, t("clear")),
    exportMenu(),
  ].map((part) => (part.classList.contains("pause") ? labelled(part, app) : part));
}

function drawPause(parent, app) {
  const button = parent.querySelector(".pause");
  if (button) labelled(button, app);
}

function labelled(button, { feed }) {
  button.setAttribute("aria-pressed", String(feed.paused));
  const text = feed.paused ? t("paused", { n: feed.held.length }) : t("pause");
  if (button.textContent !== text) button.textContent = text;
  return button;
}

/** @param {any} app */
export function pause(app) {
  app.feed.togglePause();
}

/** Asks, then removes what is shown. @param {any} app */
export function clear(app) {
  const filters = known(route.value.filters);
  const some = Object.keys(filters).length > 0;
  const text = t(some ? "clear.some" : "clear.all", { n: app.feed.total });
  confirmed(t("clear.title"), text, t("clear"), async () => {
    try {
      await change("DELETE", "/events", { params: filters });
      go({ open: null });
      app.reload();
    } catch (error) {
      toast(error.message, "bad");
    }
  });
}

function exportMenu() {
  const filters = known(route.value.filters);
  const link = (format) =>
    el(
      "a",
      { href: address("/export", { ...filters, format }), download: `events.${format}` },
      t(`export.${format}`),
    );
  return el(
    "details",
    { class: "menu end" },
    el("summary", { class: "button" }, t("export")),
    el("div", { class: "menu-body" }, ["requests", "ndjson", "csv"].map(link), importButton()),
  );
}
