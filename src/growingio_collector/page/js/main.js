/** Starts the page: one store of what is known, and the page that the address names. */

import { ApiError, get } from "./core/api.js";
import { el, replace } from "./core/dom.js";
import { language } from "./core/i18n.js";
import { theme } from "./core/prefs.js";
import { known, route } from "./core/route.js";
import { signal } from "./core/signal.js";
import { Feed } from "./data/feed.js";
import { Rates, SECONDS } from "./data/rates.js";
import { Stream } from "./data/stream.js";
import { importDropped } from "./ui/dropping.js";
import { listenToKeys } from "./ui/keys.js";
import { closeMenus, closeMenusOutside } from "./ui/menu.js";
import { shell } from "./shell.js";
import * as live from "./live/live.js";
import * as faults from "./pages/faults.js";
import * as items from "./pages/items.js";
import * as plan from "./pages/plan.js";
import * as problems from "./pages/problems.js";
import * as requests from "./pages/requests.js";
import * as settings from "./pages/settings.js";
import * as users from "./pages/users.js";

const SEEDED = 1000;
const VIEWS = { live, problems, plan, requests, users, items, faults, settings };

const app = {
  feed: new Feed(),
  rates: new Rates(),
  /** @type {any} */
  summary: signal(null),
  /** @type {any} */
  info: signal(null),
  stream: new Stream({
    event(event) {
      app.rates.add(event);
      app.feed.push(event);
    },
    summary: (summary) => app.summary.set(summary),
    reset: () => app.reload(),
  }),
  /** Reads everything anew: the store is not what it was. */
  async reload() {
    app.rates.clear();
    refresh("/summary", app.summary);
    const newest = await newestId();
    await app.feed.load();
    app.stream.last = Math.max(app.stream.last, newest);
  },
};

async function refresh(path, into) {
  try {
    into.set(await get(path));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

let view = { close() {}, key: (_key) => false };
const root = el("main", { class: "page", tabindex: "-1" });

function showPage() {
  view.close();
  const name = route.value.page;
  root.dataset.page = name;
  view = { close() {}, key: () => false, ...VIEWS[name].show(root, app) };
}

function showAll() {
  replace(/** @type {HTMLElement} */ (document.getElementById("app")), shell(app), root);
  showPage();
}

/** 0 when the store is empty, or cannot be asked. */
async function newestId() {
  try {
    return (await get("/events", { limit: 1 })).events[0]?.id ?? 0;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return 0;
  }
}

async function begin() {
  // Before the list is read: what comes in between is in both, and shown once.
  const newest = await newestId();
  await app.feed.load(known(route.value.page === "live" ? route.value.filters : {}));
  app.stream.start(newest);
}

/** What came in the last two minutes, whatever the filters show. */
async function seedRates() {
  const recent = signal(null);
  recent.subscribe(({ events }) => events.forEach((event) => app.rates.add(event)));
  await refresh(`/events?limit=${SEEDED}&since=${Date.now() - SECONDS * 1000}`, recent);
}

let page = route.value.page;
route.subscribe(({ page: next }) => {
  if (next !== page) {
    page = next;
    showPage();
  }
});
language.subscribe(showAll);
theme.subscribe(showAll);
closeMenusOutside();
importDropped();
listenToKeys((key) => (key === "Escape" && closeMenus()) || view.key(key));
showAll();
refresh("/summary", app.summary);
refresh("/info", app.info);
seedRates();
begin();
