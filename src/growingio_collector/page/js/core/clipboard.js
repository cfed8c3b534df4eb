/** Copying, also where the clipboard's interface is missing: it needs a secure address. */

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "../ui/toast.js";

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  toast(t("copied"));
}

function copyBySelection(text) {
  const area = el("textarea", { class: "offscreen", value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/**
 * @param {() => string|Promise<string>} text what to copy, made when it is asked for
 * @param {string} [label]
 */
export function copyButton(text, label = t("copy")) {
  const onClick = async () => copy(await text());
  return el("button", { type: "button", class: "button small", on: { click: onClick } }, label);
}
