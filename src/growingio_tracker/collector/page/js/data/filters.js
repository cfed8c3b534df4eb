/** Filters of events: the same names as the API's, so that a filter is a query. */

import { inline } from "../core/format.js";

const FIELDS = {
  name: "name",
  type: "type",
  project: "project",
  device: "device_id",
  user: "user_id",
  status: "verdict",
  client: "client",
  run: "run",
  kind: "kind",
  request: "request_id",
};

/** The filters a route may hold; others are dropped, as the API refuses what it does not know. */
const KNOWN = new Set([...Object.keys(FIELDS), "q", "code", "since", "until"]);

/** @param {Record<string, string>} filters @returns {Record<string, string>} */
export function known(filters) {
  const entries = Object.entries(filters);
  return Object.fromEntries(
    entries.filter(([name, value]) => value && (KNOWN.has(name) || name.startsWith("attr."))),
  );
}

/**
 * Tells whether an event that has just arrived is among those that are asked for. The API decides
 * in the same way for the stored ones.
 * @param {any} event
 * @param {Record<string, string>} filters
 */
export function matches(event, filters) {
  return Object.entries(filters).every(([name, value]) => fits(event, name, value));
}

function fits(event, name, value) {
  if (name === "q") return containsText(event, value.toLowerCase());
  if (name === "code") return event.problems.some((problem) => problem.code === value);
  if (name === "since") return event.received_ms >= Number(value);
  if (name === "until") return event.received_ms <= Number(value);
  if (name.startsWith("attr.")) return attribute(event, name.slice(5)) === value;
  return String(event[FIELDS[name]] ?? "") === value;
}

function attribute(event, key) {
  const value = event.message?.attributes?.[key];
  return value === undefined ? undefined : inline(value);
}

function containsText(event, text) {
  const own = [event.name, event.user_id, event.device_id].join("\n").toLowerCase();
  return own.includes(text) || JSON.stringify(event.message).toLowerCase().includes(text);
}
