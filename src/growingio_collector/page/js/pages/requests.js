/** Requests: one row for each, and the whole of the chosen one beside them. */

import { change, get } from "../core/api.js";
import { el, replace } from "../core/dom.js";
import { bytes, clock } from "../core/format.js";
import { sentence, t, why } from "../core/i18n.js";
import { go, route } from "../core/route.js";
import { badge, counts } from "../ui/marks.js";
import { loaded } from "../ui/loaded.js";
import { failed, heading, nothing } from "../ui/states.js";
import { taskButton } from "../ui/tasks.js";
import { backButton } from "../live/detail.js";
import { requestView } from "../live/request_view.js";

const AT_ONCE = 200;

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const list = el("div", { class: "request-list" });
  const side = el("aside", { class: "detail", "aria-label": t("request") });
  const split = el("div", { class: "split" }, list, side);
  replace(root, heading(t("page.requests"), t("requests.text"), onlyBad()), split);
  const read = () => get("/requests", { limit: AT_ONCE, status: route.value.filters.status });
  const part = loaded(list, read, ({ requests }) => table(requests));
  const draw = () => {
    split.dataset.open = String(route.value.open !== null);
    for (const row of list.querySelectorAll("[data-id]")) mark(row);
    showOne(side, route.value.open, app);
  };
  draw();
  let status = route.value.filters.status;
  const ends = [
    app.summary.subscribe(part.refresh),
    route.subscribe(({ page, filters }) => {
      if (page !== "requests") return;
      draw();
      if (filters.status !== status) {
        status = filters.status;
        part.refresh();
      }
    }),
  ];
  return {
    key: closeWithEscape,
    close() {
      for (const end of ends) end();
      part.close();
    },
  };
}

function closeWithEscape(key) {
  if (key !== "Escape" || route.value.open === null) return false;
  go({ open: null });
  return true;
}

const mark = (row) =>
  row.setAttribute("aria-selected", String(Number(row.dataset.id) === route.value.open));

function onlyBad() {
  const change = ({ target }) =>
    go({ filters: target.checked ? { status: "bad" } : {}, open: null });
  const checked = route.value.filters.status === "bad";
  const box = el("input", { type: "checkbox", checked, on: { change } });
  return el("label", { class: "check" }, box, t("requests.bad"));
}

function table(requests) {
  if (!requests.length) return nothing(t("requests.none"), t("requests.none.text"));
  const columns = ["time", "request", "client", "size", "events", "answered", "forwarded"];
  const head = columns.map((name) =>
    el("th", { scope: "col", class: `c-${name}` }, t(`column.${name}`)),
  );
  return el(
    "table",
    { class: "grid" },
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, requests.map(row)),
  );
}

function row(request) {
  const open = () => go({ open: request.id });
  const element = el(
    "tr",
    {
      class: request.reason ? "bad" : null,
      data: { id: request.id },
      tabindex: "0",
      on: { click: open },
    },
    el("td", { class: "c-time" }, clock(request.received_ms)),
    el(
      "td",
      { class: "c-request" },
      el(
        "span",
        { class: "clamp", title: request.target },
        el("b", {}, request.method),
        ` ${request.target}`,
      ),
      request.reason && el("span", { class: "row-reason" }, `✕ ${sentence(request.reason)}`),
    ),
    el("td", { class: "c-client" }, badge(request.client)),
    el("td", { class: "c-size" }, bytes(request.size)),
    el("td", { class: "c-events" }, counts(request.events)),
    el("td", { class: "c-answered" }, request.answered || "–"),
    el("td", { class: "c-forwarded" }, request.forward && t(`forward.${request.forward.state}`)),
  );
  element.addEventListener("keydown", ({ key }) => key === "Enter" && open());
  mark(element);
  return element;
}

let shown = /** @type {number|null|undefined} */ (undefined);

async function showOne(side, id, app) {
  if (shown === id && side.childElementCount) return;
  shown = id;
  if (id === null) return replace(side, nothing(t("request.none"), t("request.none.text")));
  try {
    const content = await requestView(id);
    const body = el("div", { class: "detail-body" }, content, replay(id, app));
    if (shown === id) replace(side, head(id), body);
  } catch (error) {
    if (shown === id) replace(side, head(id), failed(error));
  }
}

function head(id) {
  const show = () => go({ page: "live", filters: { request: String(id) }, open: null });
  return el(
    "header",
    { class: "detail-head" },
    backButton(),
    el("div", { class: "detail-title" }, el("h2", {}, t("request.title", { n: id }))),
    el("button", { type: "button", class: "link", on: { click: show } }, t("show.events")),
  );
}

/** Sends the request again, to another server or to the one that requests are forwarded to. */
function replay(id, app) {
  const to = /** @type {HTMLInputElement} */ (
    el("input", {
      type: "url",
      placeholder: app.info.value?.forward ?? "https://",
      "aria-label": t("replay.to"),
    })
  );
  const said = el("p", { class: "gloss", role: "status" });
  const send = async () => {
    const json = { to: to.value || null };
    const answer = await (await change("POST", `/requests/${id}/replay`, { json })).json();
    const { status, answer: text } = answer;
    replace(said, why(answer) ?? t("replay.said", { status: String(status), text: text ?? "" }));
  };
  const line = el("div", { class: "inline" }, to, taskButton(t("replay.send"), send));
  return [el("h3", {}, t("replay")), line, said];
}
