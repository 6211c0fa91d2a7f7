// @ts-check
// Puts the page's parts and data together as `cargo xtask explore` does.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** @param {string} name */
const part = (name) => readFileSync(new URL(`../../src/explore/page/${name}`, import.meta.url), "utf8");
/** @param {string} text */
const hash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** @param {any} data */
export function pageOf(data) {
  const [style, script] = [part("page.css"), part("page.js")];
  /** @type {Record<string, string>} */
  const parts = {
    TITLE: escaped(`${data.test} · ${data.lesson}`),
    "STYLE-HASH": hash(style),
    "SCRIPT-HASH": hash(script),
    STYLE: style,
    SCRIPT: script,
    DATA: JSON.stringify(data).replaceAll("<", "\\u003c"),
  };
  return part("page.html").replace(/\/\*([A-Z-]+)\*\//g, (whole, name) => parts[name] ?? whole);
}
