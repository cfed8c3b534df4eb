/**
 * Making elements. Text is always set as text: nothing here, or anywhere in the page, reads markup.
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node|string|number|null|undefined|false|Child[]} Child */

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; `on` holds listeners, `data` the dataset,
 *   `style` CSS properties; null, undefined and false leave an attribute out
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/**
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

/** Replaces everything in `parent`. @param {Element} parent @param {...Child} children */
export function replace(parent, ...children) {
  parent.replaceChildren(...nodes(children));
}

/**
 * Does the same, and gives the focus to what now stands in the place of what had it.
 * @param {Element} parent @param {...Child} children
 */
export function replaceKeepingFocus(parent, ...children) {
  const place = focusable(parent).indexOf(/** @type {HTMLElement} */ (document.activeElement));
  replace(parent, ...children);
  if (place >= 0) focusable(parent)[place]?.focus({ preventScroll: true });
}

/** @returns {HTMLElement[]} */
function focusable(parent) {
  return [...parent.querySelectorAll("button, a, input, select, textarea, [tabindex]")];
}

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...nodes(children));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
  } else if (name === "data") {
    Object.assign(element.dataset, value);
  } else if (name === "style") {
    for (const [property, one] of Object.entries(value)) element.style.setProperty(property, one);
  } else if (name === "value" || name === "checked" || name === "disabled") {
    element[name] = value;
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}
