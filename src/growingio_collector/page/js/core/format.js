/** Times, sizes and values as they are shown. */

import { language, t } from "./i18n.js";

const two = (number) => String(number).padStart(2, "0");

/** Time of day to the millisecond. @param {number} ms Unix milliseconds @returns {string} */
export function clock(ms) {
  const at = new Date(ms);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** Day and time. @param {number} ms @returns {string} */
export function dateTime(ms) {
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return String(ms);
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${clock(ms)}`;
}

/** How long ago. @param {number} ms @returns {string} */
export function ago(ms) {
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1000));
  if (seconds < 60) return t("ago.seconds", { n: seconds });
  if (seconds < 3600) return t("ago.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86400) return t("ago.hours", { n: Math.floor(seconds / 3600) });
  return t("ago.days", { n: Math.floor(seconds / 86400) });
}

/** @param {number} number @returns {string} */
export function count(number) {
  return new Intl.NumberFormat(language.value).format(number);
}

const short = (number) => number.toFixed(1).replace(".0", "");

/** @param {number} size bytes @returns {string} */
export function bytes(size) {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${short(size / 1000)} kB`;
  return `${short(size / 1_000_000)} MB`;
}
