// @ts-check
// A headless Chromium, and pages in it that are watched: what they ask for and what goes wrong in them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { pageOf } from "./page.mjs";

const FLAGS = "--no-sandbox --disable-background-networking --disable-component-update --disable-sync --no-first-run";

export async function launch() {
  const folder = mkdtempSync(join(tmpdir(), "explore-page-"));
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: FLAGS.split(" ") });
  let pages = 0;

  /** A file that is not there yet. */
  const fresh = () => join(folder, `${pages++}.html`);

  /** Writes a page with this data, and returns where. @param {unknown} data */
  function write(data) {
    const file = fresh();
    writeFileSync(file, pageOf(data));
    return file;
  }

  /**
   * Opens a page: a file's, or one made of data.
   * @param {any} what
   * @param {{ hash?: string, clock?: boolean } & import("playwright-core").BrowserContextOptions} [options]
   */
  async function open(what, { hash = "", clock = false, ...options } = {}) {
    const url = pathToFileURL(typeof what === "string" ? what : write(what)).href;
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
    const page = await context.newPage();
    /** @type {string[]} */
    const wrong = [];
    page.on("console", (message) => wrong.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => request.url().split("#")[0] === url || wrong.push(`request: ${request.url()}`));
    if (clock) await page.clock.install();
    await page.goto(url + hash);
    /** Closes the page, which must have asked for nothing and complained of nothing. @param {RegExp} [but] */
    const close = async (but) => {
      await context.close();
      assert.deepEqual(but ? wrong.filter((one) => !but.test(one)) : wrong, []);
    };
    return { page, url, wrong, close };
  }

  async function quit() {
    await browser.close();
    rmSync(folder, { recursive: true });
  }

  return { open, write, fresh, quit };
}

/** The keys that play a run in the game: a thread's number, and that of its outcome where it has several. The rows that
 * belong to the one before need none.
 * @param {any} data @param {number} run */
export function keysOf(data, run) {
  let among = data.runs;
  return data.runs[run].steps.flatMap((/** @type {number} */ op, /** @type {number} */ depth) => {
    const { thread } = data.ops[op];
    const next = new Set(among.map((/** @type {any} */ one) => one.steps[depth]));
    if (next.size === 1 && data.ops[op].together) return [];
    const outcomes = [...next].filter((other) => other !== undefined && data.ops[other].thread === thread);
    among = among.filter((/** @type {any} */ one) => one.steps[depth] === op);
    return outcomes.length > 1 ? [thread + 1, outcomes.indexOf(op) + 1] : [thread + 1];
  });
}

/** The run that fails with the fewest switches. @param {any} data */
export const easiest = (data) =>
  data.runs.findIndex((/** @type {any} */ run) => run.end && run.switches === data.fewestSwitches);
