/** The request that brought an event: as it came, and how it was read. */

import { address, get, getText } from "../core/api.js";
import { copyButton } from "../core/clipboard.js";
import { el } from "../core/dom.js";
import { bytes, dateTime } from "../core/format.js";
import { detail, fix, sentence, t, why } from "../core/i18n.js";
import { hexDump } from "./hex.js";

const SHOWN_BYTES = 256;

/** @param {number} id @returns {Promise<any>} */
export async function requestView(id) {
  const request = await get(`/requests/${id}`);
  const body = decoded(request.body_base64 ?? "");
  return [
    line(request),
    facts(request, body.length),
    request.reason && reason(request.reason),
    forwarded(request.forward),
    el("h3", {}, t("steps")),
    steps(request.steps),
    el("h3", {}, t("headers")),
    headers(request.headers),
    el("h3", {}, t("first.bytes")),
    body.length ? el("pre", { class: "hex" }, hexDump(body.subarray(0, SHOWN_BYTES))) : t("no.body"),
    actions(request),
  ];
}

function decoded(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function line({ method, target }) {
  return el("p", { class: "request-line" }, el("b", {}, method), " ", el("code", {}, target));
}

function facts(request, size) {
  const all = [
    [t("received"), dateTime(request.received_ms)],
    [t("answered"), request.answered === 0 ? t("answered.nothing") : request.answered],
    [t("body"), bytes(size)],
    [t("client"), request.client ?? t("unknown")],
    [t("run"), request.run ?? null],
  ];
  const given = all.filter(([, value]) => value !== null);
  return el("dl", { class: "facts" }, given.map(([name, value]) => pair(name, value)));
}

const pair = (name, value) => [el("dt", {}, name), el("dd", {}, value)];

function reason(problem) {
  return el(
    "div",
    { class: "problem bad" },
    el("p", { class: "problem-sentence" }, sentence(problem)),
    el("p", { class: "problem-fix" }, el("b", {}, t("fix")), fix(problem)),
  );
}

function forwarded(forward) {
  if (!forward) return null;
  const rows = [
    [t("forward.state"), t(`forward.${forward.state}`)],
    [t("forward.tries"), forward.tries],
    [t("forward.status"), forward.status ?? "–"],
    [t("forward.said"), why(forward) ?? forward.answer ?? "–"],
  ];
  return [
    el("h3", {}, t("forwarded")),
    el("dl", { class: "facts" }, rows.map(([name, value]) => pair(name, value))),
  ];
}

/** @param {any[]} all */
export function steps(all) {
  if (!all.length) return el("p", { class: "gloss" }, t("steps.none"));
  return el("ol", { class: "steps" }, all.map(step));
}

function step(one) {
  const { name, ok = true, in_bytes: before, out_bytes: after, offset, head_hex: head } = one;
  const sizes = [before, after].filter(isNumber).map(bytes).join(" → ");
  const place = isNumber(offset) ? t("step.offset", { n: offset }) : "";
  const more = [sizes, place].filter(Boolean).join(" · ");
  return el(
    "li",
    { class: ok ? "step" : "step failed" },
    el("span", { class: "step-sign", "aria-hidden": "true" }, ok ? "✓" : "✕"),
    el("b", {}, name),
    el("span", {}, detail(one)),
    more && el("span", { class: "step-more" }, more),
    head && el("code", { class: "step-head", title: head }, head),
  );
}

const isNumber = (value) => typeof value === "number";

/** @param {[string, string][]} all */
export function headers(all) {
  const rows = all.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)),
  );
  return el("table", { class: "headers" }, el("tbody", {}, rows));
}

/** @param {any} request */
export function actions({ id }) {
  const raw = address(`/requests/${id}/raw`);
  const file = address(`/requests/${id}/file`);
  return el(
    "p",
    { class: "after" },
    copyButton(() => getText(`/requests/${id}/curl`), t("copy.curl")),
    el("a", { class: "button small", href: file, download: `growingio-request-${id}.json` }, t("share")),
    el("a", { class: "button small", href: raw, download: `request-${id}.bin` }, t("raw")),
  );
}
