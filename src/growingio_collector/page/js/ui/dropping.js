/** Files that are dropped anywhere on the page, or chosen, are imported. */

import { change } from "../core/api.js";
import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { go } from "../core/route.js";
import { attempt } from "./tasks.js";
import { toast } from "./toast.js";

/** Listens for files that are dropped where nothing else takes them. */
export function importDropped() {
  const hint = el("div", { class: "drop-hint", hidden: true });
  document.body.append(hint);
  let inside = 0;
  const isFile = ({ dataTransfer, target }) =>
    dataTransfer?.types.includes("Files") && !(target instanceof Element && target.closest(".drop"));
  const show = (by) => {
    inside = Math.max(0, inside + by);
    hint.hidden = inside === 0;
    hint.textContent = inside ? t("import.drop") : "";
  };
  document.addEventListener("dragenter", () => show(1));
  document.addEventListener("dragleave", () => show(-1));
  document.addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    show(-inside);
    if (!isFile(event)) return;
    event.preventDefault();
    importFiles([...(event.dataTransfer?.files ?? [])]);
  });
}

/** A button that lets the reader choose a file to import. */
export function importButton() {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "file", class: "offscreen" }));
  input.addEventListener("change", () => {
    importFiles([...(input.files ?? [])]);
    input.value = "";
  });
  return el("label", { class: "menu-action" }, t("import"), input);
}

/** @param {File[]} files */
async function importFiles(files) {
  for (const file of files) {
    await attempt(async () => {
      const { requests, events } = await (await change("POST", "/import", { text: file })).json();
      toast(t("import.done", { requests, events }));
      go({ page: "live", filters: {}, open: null });
    });
  }
}
