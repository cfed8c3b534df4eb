/** Two small charts, drawn as SVG. */

import { svg } from "../core/dom.js";

const WIDTH = 480;
const HEIGHT = 40;

/**
 * Stacked columns, one a second, oldest on the left; nothing when there is nothing to see.
 * @param {{ok: number, warn: number, bad: number}[]} series
 * @param {string} label
 */
export function columns(series, label) {
  const most = Math.max(...series.map(({ ok, warn, bad }) => ok + warn + bad));
  if (!most) return null;
  const step = WIDTH / series.length;
  const bars = series.flatMap((counts, i) => {
    let y = HEIGHT;
    return ["ok", "warn", "bad"].map((verdict) => {
      const height = (counts[verdict] / most) * (HEIGHT - 2);
      y -= height;
      return height
        ? svg("rect", { class: verdict, x: i * step, y, width: step - 0.8, height })
        : null;
    });
  });
  const box = `0 0 ${WIDTH} ${HEIGHT}`;
  const base = svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 });
  const all = { class: "chart", viewBox: box, preserveAspectRatio: "none", role: "img" };
  return svg("svg", { ...all, "aria-label": label }, base, bars);
}

/** Small columns without axes; nothing when there would be one alone. @param {number[]} values */
export function spark(values) {
  const most = Math.max(...values);
  if (values.filter(Boolean).length < 2) return null;
  const bars = values.map((value, i) => {
    const height = (value / most) * 14;
    return value ? svg("rect", { x: i * 3, y: 16 - height, width: 2, height }) : null;
  });
  const box = `0 0 ${values.length * 3} 16`;
  return svg("svg", { class: "spark", viewBox: box, "aria-hidden": "true" }, bars);
}
