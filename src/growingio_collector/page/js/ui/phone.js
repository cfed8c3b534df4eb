/** The page's address for a phone in the same network: to be copied, and to be scanned. */

import { address } from "../core/api.js";
import { copyButton } from "../core/clipboard.js";
import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @param {string} url with the token */
export function phone(url) {
  const code = { src: address("/phone.svg"), alt: t("settings.phone.code"), width: 180, height: 180 };
  return el(
    "div",
    { class: "phone" },
    el("span", { class: "inline" }, el("code", {}, url), copyButton(() => url)),
    el("img", code),
  );
}
