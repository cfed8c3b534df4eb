/** The address after `#` holds the page, the filters and the open event, so a link shows the same. */

import { signal } from "./signal.js";

export const PAGES = [
  "live", "problems", "plan", "requests", "users", "items", "faults", "settings",
];

/** The filters that a route may hold: the API's, which decides what they mean. */
const FILTERS = new Set([
  "name", "type", "project", "device", "user", "status", "client", "run", "kind", "request", "q",
  "code", "since", "until",
]);

/** @typedef {{page: string, filters: Record<string, string>, open: number|null}} Route */

/** @returns {Route} */
function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const filters = Object.fromEntries(new URLSearchParams(query));
  const open = /^\d+$/.test(filters.open ?? "") ? Number(filters.open) : null;
  delete filters.open;
  return { page: PAGES.includes(path) ? path : "live", filters, open };
}

export const route = signal(read());

addEventListener("hashchange", () => {
  if (hash(route.value) !== location.hash) route.set(read());
});

/** @param {Route} to @returns {string} */
export function hash({ page, filters, open }) {
  const query = new URLSearchParams(filters);
  if (open !== null) query.set("open", String(open));
  const text = query.toString();
  return `#/${page}${text ? `?${text}` : ""}`;
}

/**
 * Goes somewhere; what is left out stays. Opening an event within a page makes no history entry:
 * "back" leaves the page.
 * @param {Partial<Route>} to
 */
export function go(to) {
  const next = { ...route.value, ...to };
  const target = hash(next);
  if (target === location.hash) return;
  if (next.page === route.value.page) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  route.set(next);
}

addEventListener("popstate", () => {
  if (hash(route.value) !== location.hash) route.set(read());
});

/**
 * Without those that there are not, which the API would refuse.
 * @param {Record<string, string>} filters @returns {Record<string, string>}
 */
export function known(filters) {
  const entries = Object.entries(filters);
  return Object.fromEntries(
    entries.filter(([name, value]) => value && (FILTERS.has(name) || name.startsWith("attr."))),
  );
}
