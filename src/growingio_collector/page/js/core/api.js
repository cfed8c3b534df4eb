/** The collector's API, seen from its own page. */

import { why } from "./i18n.js";
import { readEvent, readEvents } from "./written.js";

const ROOT = "/api/v1";

/** An answer that is not a success. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when there was no answer at all
   * @param {string} message
   * @param {any} [content] the answer's JSON, when it had some
   */
  constructor(status, message, content = null) {
    super(message);
    this.status = status;
    this.content = content;
  }
}

/** @param {string} path @param {Record<string, any>} [params] @returns {string} */
export function address(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return ROOT + path + (text ? `?${text}` : "");
}

/** @param {string} path @param {Record<string, any>} [params] @returns {Promise<any>} */
export async function get(path, params) {
  return (await answered(address(path, params), {})).json();
}

/** Events, their messages as they were written. @param {string} path @param {Record<string, any>} [params] */
export async function getEvents(path, params) {
  return readEvents(await getText(path, params));
}

/** @param {number} id */
export async function getEvent(id) {
  return readEvent(await getText(`/events/${id}`));
}

/** @param {string} path @param {Record<string, any>} [params] @returns {Promise<string>} */
export async function getText(path, params) {
  return (await answered(address(path, params), {})).text();
}

/**
 * Asks for a change. The header is what no page of another origin can send.
 * @param {string} method
 * @param {string} path
 * @param {{params?: Record<string, any>, json?: any, text?: string|Blob, type?: string}} [what]
 * @returns {Promise<Response>}
 */
export async function change(method, path, { params, json, text, type } = {}) {
  const headers = new Headers({ "X-Gio-Collector": "1" });
  const body = json === undefined ? text : JSON.stringify(json);
  if (body !== undefined) headers.set("Content-Type", type ?? "application/json");
  return answered(address(path, params), { method, headers, body });
}

async function answered(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    throw new ApiError(0, String(error));
  }
  if (response.ok) return response;
  throw refusal(response.status, await response.text());
}

function refusal(status, text) {
  try {
    const content = JSON.parse(text);
    return new ApiError(status, why(content) ?? text, content);
  } catch {
    return new ApiError(status, text.slice(0, 500));
  }
}
