/** The Live page: names, the stream, and the chosen event beside it. */

import { el, replace } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go, known, route } from "../core/route.js";
import { perFrame } from "../core/signal.js";
import { failed, nothing } from "../ui/states.js";
import { VirtualList } from "../ui/virtual.js";
import { bar, clear, pause } from "./bar.js";
import { detail } from "./detail.js";
import { namesList } from "./names.js";
import { row } from "./row.js";
import { start } from "./start.js";

const CHART_TICK_MS = 1000;
const narrow = matchMedia("(max-width: 719px)");

/** @param {HTMLElement} root @param {any} app */
export function show(root, app) {
  const page = new Live(root, app);
  return { close: () => page.close(), key: (key) => page.key(key) };
}

class Live {
  constructor(root, app) {
    this._app = app;
    this._bar = bar(app);
    this._names = namesList(app);
    this._detail = detail(app);
    this._list = new VirtualList({
      make: (event) => row(event, event.id === route.value.open, () => go({ open: event.id })),
      rowHeight: () => (narrow.matches ? 52 : 32),
      nearEnd: () => app.feed.more(),
      label: t("stream"),
    });
    this._layOut(root);
    this._listen();
    this._filtered();
  }

  _layOut(root) {
    this._note = el("div", { class: "hidden-note", role: "status" });
    this._empty = el("div", { class: "empty" });
    this._stream = el("div", { class: "stream" }, this._note, this._list.element, this._empty);
    const parts = [this._names.element, this._stream, this._detail.element];
    this._columns = el("div", { class: "columns" }, parts);
    replace(root, el("div", { class: "live" }, this._bar.element, this._columns));
  }

  _listen() {
    const { feed, summary } = this._app;
    const drawNames = perFrame(() => this._names.draw());
    const drawFeed = perFrame(() => this._drawFeed(this._onTop));
    this._onTop = 0;
    this._ends = [
      feed.changed.subscribe((onTop) => {
        this._onTop += onTop;
        drawFeed();
      }),
      summary.subscribe(() => {
        drawNames();
        this._drawNotes();
      }),
      route.subscribe(() => this._filtered()),
    ];
    this._tick = setInterval(() => {
      if (!document.hidden) this._bar.drawChart();
    }, CHART_TICK_MS);
  }

  _filtered() {
    const filters = known(route.value.filters);
    const before = JSON.stringify(this._app.feed.filters);
    if (JSON.stringify(filters) !== before) this._app.feed.load(filters);
    this._bar.draw();
    this._names.draw();
    this._detail.show(route.value.open);
    this._columns.dataset.open = String(route.value.open !== null);
    this._list.choose(route.value.open);
    this._drawFeed(0);
  }

  /** @param {number} onTop how many events were put on top since it was drawn */
  _drawFeed(onTop) {
    this._onTop = 0;
    this._list.set(this._app.feed.events, onTop);
    this._bar.drawActions();
    this._drawNotes();
  }

  _drawNotes() {
    const { feed, summary } = this._app;
    const filtered = Object.keys(feed.filters).length > 0;
    const hidden = filtered ? Math.max(0, total(summary.value?.stored) - feed.total) : 0;
    this._note.hidden = feed.loading || hidden === 0;
    if (hidden) replace(this._note, t("hides", { n: hidden }), " ", showAll());
    this._drawEmpty(filtered);
  }

  _drawEmpty(filtered) {
    const { feed } = this._app;
    const state = this._emptyState(filtered);
    this._list.element.hidden = feed.events.length === 0;
    this._columns.dataset.start = String(state === "start");
    if (state === this._state) return;
    this._state = state;
    replace(this._empty, this._emptyContent(state));
  }

  _emptyState(filtered) {
    const { feed } = this._app;
    if (feed.error) return "error";
    if (feed.events.length || feed.loading) return "";
    return filtered ? "filtered" : "start";
  }

  _emptyContent(state) {
    if (state === "error") return failed(this._app.feed.error);
    if (state === "filtered") return nothing(t("no.match"), t("no.match.text"), showAll());
    return state === "start" ? start(this._app) : null;
  }

  /** @param {string} key @returns {boolean} whether it did something */
  key(key) {
    if (key === "j" || key === "ArrowDown") return this._step(1);
    if (key === "k" || key === "ArrowUp") return this._step(-1);
    if (key === "/") this._bar.search.focus();
    else if (key === "p") pause(this._app);
    else if (key === "x") clear(this._app);
    else if (key === "Escape") return this._escape();
    else return false;
    return true;
  }

  _step(by) {
    const { events } = this._app.feed;
    if (!events.length) return false;
    const at = events.findIndex((event) => event.id === route.value.open);
    const next = at < 0 ? 0 : Math.min(events.length - 1, Math.max(0, at + by));
    go({ open: events[next].id });
    this._list.reveal(next);
    return true;
  }

  _escape() {
    if (document.activeElement === this._bar.search) this._bar.search.blur();
    else if (route.value.open === null) return false;
    else go({ open: null });
    return true;
  }

  close() {
    for (const end of this._ends) end();
    clearInterval(this._tick);
    this._list.close();
    this._detail.close();
  }
}

const total = (stored) => (stored ? stored.ok + stored.warn + stored.bad : 0);

function showAll() {
  const onClick = () => go({ filters: {} });
  return el("button", { type: "button", class: "link", on: { click: onClick } }, t("show.all"));
}
