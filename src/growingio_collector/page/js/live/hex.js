/** Bytes as people look at them: offset, hex, text. */

const PER_LINE = 8;

/** @param {Uint8Array} bytes @returns {string} */
export function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    lines.push(line(at, bytes.subarray(at, at + PER_LINE)));
  }
  return lines.join("\n");
}

function line(at, part) {
  const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const text = Array.from(part, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·",
  ).join("");
  return `${at.toString(16).padStart(4, "0")}  ${hex.padEnd(3 * PER_LINE - 1)}  ${text}`;
}
