/** What the user chose, kept in this browser. */

import { signal } from "./signal.js";

/** @param {string} name @param {string} fallback */
export function kept(name, fallback) {
  return localStorage.getItem(`gio.${name}`) ?? fallback;
}

/** @param {string} name @param {string|null} value null forgets it */
export function keep(name, value) {
  if (value === null) localStorage.removeItem(`gio.${name}`);
  else localStorage.setItem(`gio.${name}`, value);
}

const root = document.documentElement;

/** "auto", "light" or "dark". */
export const theme = signal(kept("theme", "auto"));

/** @param {string} next */
export function setTheme(next) {
  keep("theme", next === "auto" ? null : next);
  if (next === "auto") delete root.dataset.theme;
  else root.dataset.theme = next;
  theme.set(next);
}

/** Whether it is dark now, by choice or by the system's. */
export function isDark() {
  if (theme.value !== "auto") return theme.value === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}
