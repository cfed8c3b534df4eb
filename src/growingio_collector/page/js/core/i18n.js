/** The page's own texts in the chosen language. What was received is never translated. */

import { keep } from "./prefs.js";
import { signal } from "./signal.js";
import en from "./texts/en.js";
import zh from "./texts/zh.js";

const TEXTS = { en, "zh-CN": zh };

/** "en" or "zh-CN"; the server has put the browser's choice into the page. */
export const language = signal(document.documentElement.lang === "zh-CN" ? "zh-CN" : "en");

/** @param {string} next */
export function setLanguage(next) {
  keep("language", next);
  document.documentElement.lang = next;
  language.set(next);
}

/**
 * @param {string} key
 * @param {Record<string, string|number>} [values] fill `{name}`; `{name:one|many}` picks by number
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = TEXTS[language.value][key];
  if (text === undefined) throw new Error(`There is no text ${key}.`);
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_whole, name, one, many) => {
    if (one === undefined) return shown(values[name]);
    return values[name] === 1 ? one : many;
  });
}

function shown(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language.value).format(value) : value;
}

/** The sentence of a problem in the chosen language. @param {any} problem @returns {string} */
export function sentence(problem) {
  return language.value === "zh-CN" ? problem.sentence_zh : problem.sentence;
}

/** What a step of decoding did. @param {any} step @returns {string} */
export function detail(step) {
  return language.value === "zh-CN" ? step.detail_zh : step.detail;
}

/** What all problems of a group have in common. @param {any} group @returns {string} */
export function headline(group) {
  return language.value === "zh-CN" ? group.headline_zh : group.headline;
}

/** Why something failed. @param {any} failed @returns {string | null} */
export function why(failed) {
  return language.value === "zh-CN" ? failed.error_zh : failed.error;
}

/** What to do about a problem. @param {any} problem @returns {string} */
export function fix(problem) {
  return language.value === "zh-CN" ? problem.fix_zh : problem.fix;
}
