/**
 * JSON as it was written: numbers keep their digits, members their order, and nothing is rounded.
 * What comes from the server is well-formed; only the places of values need to be found.
 */

const TYPES = { "{": "object", "[": "list", '"': "string", t: "boolean", f: "boolean", n: "null" };
const TOKEN = /[\s,:]+|[^\s,:"{}[\]]+/y;

/** The end of the string that begins at `at`. */
function endOfString(text, at) {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** The end of the value that begins at `at`. */
function endOfValue(text, at) {
  let depth = 0;
  for (let i = at; ; ) {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === "{" || char === "[") {
      depth += 1;
      i += 1;
    } else if (char === "}" || char === "]") {
      depth -= 1;
      i += 1;
    } else i = endOfToken(text, i);
    if (depth === 0) return i;
  }
}

function endOfToken(text, at) {
  TOKEN.lastIndex = at;
  return TOKEN.test(text) ? TOKEN.lastIndex : at + 1;
}

/** Where the next value, or the end of the whole, is. */
function skip(text, at) {
  while (at < text.length && " \t\n\r,:".includes(text[at])) at += 1;
  return at;
}

/** Yields the texts of the values in an object or a list; keys of an object are among them. */
function* parts(text) {
  for (let at = skip(text, 1); at < text.length && !"}]".includes(text[at]); ) {
    const end = endOfValue(text, at);
    yield text.slice(at, end);
    at = skip(text, end);
  }
}

/** One value, with the text that it was written as. */
export class Written {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** "string", "integer", "number", "boolean", "null", "list" or "object". @returns {string} */
  get type() {
    return TYPES[this.text[0]] ?? (/[.eE]/.test(this.text) ? "number" : "integer");
  }

  /** The members of an object in their order; none for anything else. @returns {[string, Written][]} */
  get members() {
    if (this.text[0] !== "{") return [];
    this._members ??= Array.from(pairs(parts(this.text)));
    return this._members;
  }

  /** The elements of a list; none for anything else. @returns {Written[]} */
  get elements() {
    if (this.text[0] !== "[") return [];
    return Array.from(parts(this.text), (part) => new Written(part));
  }

  /** A member; of several of one name the last. @param {string} name @returns {Written|undefined} */
  get(name) {
    return this.members.findLast(([key]) => key === name)?.[1];
  }

  /** The characters of a string; everything else as it was written. @returns {string} */
  toString() {
    return this.text[0] === '"' ? JSON.parse(this.text) : this.text;
  }

  toJSON() {
    return this.text;
  }
}

function* pairs(texts) {
  for (const key of texts) yield [JSON.parse(key), new Written(texts.next().value)];
}

/**
 * An event of the API, its message as it was written; null when there was none.
 * @param {string} text @returns {any}
 */
export function readEvent(text) {
  const event = JSON.parse(text);
  const message = new Written(text).get("message");
  event.message = message && message.text !== "null" ? message : null;
  return event;
}

/** A list of events of the API. @param {string} text @returns {any} */
export function readEvents(text) {
  const whole = new Written(text);
  const events = whole.get("events")?.elements ?? [];
  const others = whole.members.filter(([name]) => name !== "events");
  const rest = Object.fromEntries(others.map(([name, value]) => [name, JSON.parse(value.text)]));
  return { ...rest, events: events.map((one) => readEvent(one.text)) };
}

const NEW_LINE = "\n";

/**
 * The same JSON with one member or element a line. The values stay as they were written.
 * @param {Written} value @param {string} [indent] @returns {string}
 */
export function pretty(value, indent = "") {
  const inner = `${indent}  `;
  const lines =
    value.type === "object"
      ? value.members.map(([key, one]) => `${JSON.stringify(key)}: ${pretty(one, inner)}`)
      : value.elements.map((one) => pretty(one, inner));
  if (!lines.length) return value.text;
  const [open, close] = [value.text[0], value.text.at(-1)];
  const body = lines.map((line) => inner + line).join(`,${NEW_LINE}`);
  return `${open}${NEW_LINE}${body}${NEW_LINE}${indent}${close}`;
}
