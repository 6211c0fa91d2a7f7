// @ts-check
// Pages that `cargo xtask explore` makes of the course's lessons, in a browser. XTASK names the program, if it is not
// target/debug/xtask.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { easiest, keysOf, launch } from "./browser.mjs";

const WORKSPACE = fileURLToPath(new URL("../../..", import.meta.url));
const XTASK = process.env.XTASK ?? "target/debug/xtask";

/** @type {Awaited<ReturnType<typeof launch>>} */
let browser;
before(async () => void (browser = await launch()));
after(() => browser.quit());

/** Makes a page, and opens it. @param {string[]} what the lesson and the options @param {string} [hash] */
async function explored(what, hash) {
  const file = browser.fresh();
  execFileSync(XTASK, ["explore", ...what, "--no-open", "--output", file], { cwd: WORKSPACE, stdio: "pipe" });
  const opened = await browser.open(file, { hash });
  const data = JSON.parse((await opened.page.locator("#data").textContent()) ?? "");
  return { ...opened, data };
}

for (const [kind, lesson, mistake] of [
  ["Deadlock", "lock_ordering", "ordered_by_name"],
  ["Data race", "publication", "relaxed_store"],
  ["Panic", "bank_account", "store_after_load"],
]) {
  test(`the scheduler reaches the failure of a mistake: ${lesson}, ${mistake}`, async () => {
    const { page, data, close } = await explored([lesson, "--mistake", mistake], "#play");
    for (const key of keysOf(data, easiest(data))) await page.keyboard.press(String(key));
    assert.equal(await page.locator("#panel-title").textContent(), "You have reached the failure");
    assert.equal(await page.locator("#verdict-kind").textContent(), kind);
    const { cause } = data.runs[easiest(data)].end;
    assert.equal(await page.locator("#verdict-cause").textContent(), cause ? `Usually: ${cause}` : "");
    assert.match((await page.locator("#said-text").textContent()) ?? "", /No explored run fails with fewer\.$/);
    await close();
  });
}

test("every run of a lesson's reference can be played to its end", async () => {
  const { page, data, close } = await explored(["wait_group", "--solution"]);
  assert.equal(data.failing, 0);
  for (const run of data.runs.keys()) {
    await page.keyboard.press("s");
    await page.keyboard.press("r");
    for (const key of keysOf(data, run)) await page.keyboard.press(String(key));
    assert.equal(await page.locator("#panel-title").textContent(), "This run ends well", `run ${run + 1}`);
    await page.keyboard.press("s");
    assert.equal(await page.locator("#run").inputValue(), String(run + 1));
  }
  await close();
});

test("every pick in the game of a lesson's mistake goes on or is explained", async () => {
  const { page, data, close } = await explored(["wait_group", "--mistake", "notify_one"], "#play");
  const run = easiest(data);
  for (const key of keysOf(data, run)) {
    const before = await page.locator("#rows tbody tr").count();
    const choosing = await page.locator("#values").isVisible();
    for (const thread of choosing ? [] : data.threads.keys()) {
      await page.keyboard.press(String(thread + 1));
      const went = (await page.locator("#rows tbody tr").count()) > before;
      const said = await page.locator("#said-text").textContent();
      assert.ok(went || said, `row ${before}: ${data.threads[thread]} is not answered`);
      if (went || (await page.locator("#values").isVisible())) await page.keyboard.press("u");
    }
    await page.keyboard.press(String(key));
  }
  assert.equal(await page.locator("#panel-title").textContent(), "You have reached the failure");
  await close();
});
