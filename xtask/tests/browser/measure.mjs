// @ts-check
// Prints how long a big page takes to open, and a step in it. Not a test: the times are the machine's.
// node measure.mjs [page.html]: the file, or else sample pages of 1,000 and 5,000 runs.

import { statSync } from "node:fs";
import { launch } from "./browser.mjs";
import { big, explore } from "./samples.mjs";

const browser = await launch();
const given = process.argv.slice(2);
for (const file of given.length ? given : [1000, 5000].map((runs) => browser.write(explore(big, { runs })))) {
  const { page, close } = await browser.open(file);
  const [runs, rows] = await page.evaluate(() =>
    ["run", "row"].map((id) => document.querySelector(`#${id}-count`)?.textContent),
  );
  console.log(`${runs} runs, ${rows} rows, ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  await close();

  const opening = [];
  for (let turn = 0; turn < 7; turn++) {
    const { page, close } = await browser.open(file);
    opening.push(
      await page.evaluate(
        () =>
          new Promise((done) =>
            requestAnimationFrame(() =>
              setTimeout(() =>
                done(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now()),
              ),
            ),
          ),
      ),
    );
    await close();
  }
  report("opening, to the first paint", opening);

  const { page: stepped, close: done } = await browser.open(file);
  report("a step", await timed("j"));
  report("a step back", await timed("k"));
  report("the next run", await timed("n"));
  await stepped.keyboard.press("Home");
  await stepped.keyboard.press("s");
  report("a pick in the game", await timed("1", "2", "3", "4", "5"));
  await done();

  /** The times of 50 presses, each with the layout and style that it brings about. @param {...string} keys */
  function timed(...keys) {
    return stepped.evaluate(async (keys) => {
      const times = [];
      for (let turn = 0; turn < 50; turn++) {
        const key = keys[turn % keys.length];
        const begin = performance.now();
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        document.body.getBoundingClientRect();
        times.push(performance.now() - begin);
        await new Promise((next) => requestAnimationFrame(next));
      }
      return times;
    }, keys);
  }
}
await browser.quit();

/** @param {string} what @param {any[]} times */
function report(what, times) {
  const sorted = times.sort((a, b) => a - b);
  const [median, most, slowest] = [0.5, 0.9, 1].map((share) => sorted[Math.ceil(share * sorted.length) - 1].toFixed(1));
  console.log(`  ${what.padEnd(28)} median ${median} ms, nine of ten within ${most} ms, slowest ${slowest} ms`);
}
