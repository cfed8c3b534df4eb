/** The collector's API, seen from its own page. */

const ROOT = "/api/v1";

/** An answer that is not a success. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
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
  throw new ApiError(response.status, await reason(response));
}

async function reason(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text.slice(0, 500);
  }
}
