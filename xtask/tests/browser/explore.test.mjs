// @ts-check
// The page of `cargo xtask explore`, in a browser.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { easiest, keysOf, launch } from "./browser.mjs";
import { big, deadlock, explore, lostUpdate, race } from "./samples.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {Awaited<ReturnType<typeof launch>>} */
let browser;
before(async () => void (browser = await launch()));
after(() => browser.quit());

const samples = {
  deadlock: explore(deadlock),
  race: explore(race),
  lostUpdate: explore(lostUpdate),
  once: explore(deadlock, { once: true }),
  big: explore(big, { runs: 200 }),
};

/** @param {Page} page @param {string} id */
const text = async (page, id) => ((await page.locator(`#${id}`).textContent()) ?? "").trim();
/** @param {Page} page @param {string} id */
const value = (page, id) => page.locator(`#${id}`).inputValue();
/** The current row, as the table marks it. @param {Page} page */
const currentRow = (page) => page.locator('#rows [aria-current="step"] button').textContent();
/** @param {Page} page @param {Iterable<string | number>} keys */
async function press(page, keys) {
  for (const key of keys) await page.keyboard.press(String(key));
}
/** @param {Page} page @param {string} hash */
const addressIs = (page, hash) => page.waitForFunction((wanted) => location.hash === wanted, hash);

test("opens with the simplest failure, at its start", async () => {
  const { page, close } = await browser.open(samples.deadlock);
  assert.equal(await value(page, "run"), String(easiest(samples.deadlock) + 1));
  assert.equal(await value(page, "row"), "0");
  assert.equal(await currentRow(page), "start");
  assert.match(await text(page, "title"), /bank_account · opposite_transfers · the mistake/);
  assert.match(await text(page, "coverage"), /All 811 interleavings\./);
  assert.match(await text(page, "summary"), /fails: deadlock, with 1 forced switch\./);
  assert.equal(await page.locator("#verdict").isVisible(), false);
  await close();
});

test("steps forward and back: rows, source, state and what is spoken go along", async () => {
  const { page, close } = await browser.open(samples.deadlock);
  const { steps } = samples.deadlock.runs[easiest(samples.deadlock)];
  for (const [row, op] of steps.entries()) {
    await page.getByRole("button", { name: "Step ›" }).click();
    const { thread, text: what, line } = samples.deadlock.ops[op];
    const name = samples.deadlock.threads[thread];
    assert.equal(await currentRow(page), String(row + 1));
    assert.match(await text(page, "live"), new RegExp(`^Row ${row + 1}: ${name}: ${what}.*line ${line}\\.`));
    assert.equal(await page.locator(".code-line.here .number").textContent(), String(line));
    assert.equal(
      await page
        .locator(".code-line.here")
        .getByRole("img", { name: `${name} is here` })
        .count(),
      1,
    );
  }
  assert.match(await text(page, "verdict"), /^\s*Deadlock.*nobody is left to go on.*Usually: two locks/s);
  assert.match(await text(page, "live"), /The run fails: deadlock\..*two locks/);
  const held = page.getByRole("region", { name: "b, mutex" });
  assert.match((await held.textContent()) ?? "", /held by\s*3\s*back/);
  assert.ok((await page.locator(".card.changed h3").allTextContents()).includes("b mutex"));

  await page.getByRole("button", { name: "‹ Back" }).click();
  assert.equal(await currentRow(page), String(steps.length - 1));
  assert.match((await held.textContent()) ?? "", /held by\s*–/);
  assert.equal(await page.locator("#verdict").isVisible(), false);
  assert.equal(await page.locator("#rows .next").count(), 1);
  await close();
});

test("plays to the end, and pauses", async () => {
  const { page, close } = await browser.open(samples.deadlock, { clock: true });
  const length = samples.deadlock.runs[easiest(samples.deadlock)].steps.length;
  await page.getByRole("button", { name: "Play" }).click();
  await page.clock.runFor(1500);
  assert.equal(await value(page, "row"), "2");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.clock.runFor(5000);
  assert.equal(await value(page, "row"), "2");
  await page.getByRole("button", { name: "Play" }).click();
  await page.clock.runFor(60_000);
  assert.equal(await value(page, "row"), String(length));
  assert.equal(await text(page, "play"), "Play");
  await close();
});

test("jumps to a row: clicked, typed, first and last", async () => {
  const { page, close } = await browser.open(samples.deadlock);
  await page.locator("#rows tbody tr").nth(4).click();
  assert.equal(await value(page, "row"), "4");
  await page.getByLabel("Row", { exact: false }).and(page.locator("input")).fill("2");
  await page.keyboard.press("Enter");
  assert.equal(await currentRow(page), "2");
  await page.getByRole("button", { name: "To the end" }).click();
  assert.equal(await currentRow(page), "6");
  await page.getByRole("button", { name: "To the start" }).click();
  assert.equal(await currentRow(page), "start");
  await press(page, ["g", "5", "Enter"]);
  assert.equal(await currentRow(page), "5");
  await close();
});

test("goes through the runs, and says where they part", async () => {
  const { page, close } = await browser.open(samples.deadlock, { hash: "#run=1&row=3" });
  const [one, two] = samples.deadlock.runs.map((/** @type {any} */ run) => run.steps);
  const parts = one.findIndex((/** @type {number} */ op, /** @type {number} */ row) => op !== two[row]) + 1;
  assert.equal(await page.getByRole("button", { name: "Previous run" }).isDisabled(), true);
  await page.getByRole("button", { name: "Next run" }).click();
  assert.equal(await value(page, "run"), "2");
  assert.equal(await value(page, "row"), "3");
  assert.match(await text(page, "summary"), new RegExp(`Run 2 .* parts from run 1 at row ${parts}\\.`));
  await press(page, ["p"]);
  assert.equal(await value(page, "run"), "1");
  await press(page, ["r", "7", "Enter"]);
  assert.equal(await value(page, "run"), "7");
  await close();
});

test("shows only the runs that fail", async () => {
  const { page, close } = await browser.open(samples.deadlock, { hash: "#run=1&row=0" });
  const failing = samples.deadlock.runs.flatMap((/** @type {any} */ run, /** @type {number} */ at) =>
    run.end ? [String(at + 1)] : [],
  );
  await page.getByLabel("only failing").check();
  const seen = [await value(page, "run")];
  while (await page.getByRole("button", { name: "Next run" }).isEnabled()) {
    await press(page, ["n"]);
    seen.push(await value(page, "run"));
  }
  assert.deepEqual(seen, failing);
  await press(page, ["f", "n"]);
  assert.equal(await value(page, "run"), String(Number(failing.at(-1)) + 1));
  await close();

  const none = await browser.open(samples.big);
  assert.equal(await none.page.getByLabel("none fails").isDisabled(), true);
  await none.close();
});

test("reads the position from the address, and writes it", async () => {
  const { page, close } = await browser.open(samples.deadlock, { hash: "#run=12&row=7" });
  assert.deepEqual([await value(page, "run"), await value(page, "row")], ["12", "7"]);
  await press(page, ["ArrowRight", "n"]);
  await addressIs(page, "#run=13&row=8");
  await page.evaluate(() => void (location.hash = "#run=2&row=1"));
  await page.waitForFunction(
    () => document.querySelector("#row")?.matches("input") && location.hash === "#run=2&row=1",
  );
  assert.deepEqual([await value(page, "run"), await value(page, "row")], ["2", "1"]);
  await page.evaluate(() => void (location.hash = "#run=9999&row=x"));
  await addressIs(page, "#run=811&row=0");
  await close();

  const game = await browser.open(samples.deadlock, { hash: "#play" });
  assert.equal(await text(game.page, "panel-title"), "Who goes next?");
  assert.equal(await currentRow(game.page), "start");
  await press(game.page, ["1"]);
  await game.page.waitForFunction(() => /^#run=\d+&row=1&play$/.test(location.hash));
  await game.close();
});

for (const [name, kind] of /** @type {const} */ ([
  ["deadlock", "Deadlock"],
  ["race", "Data race"],
  ["lostUpdate", "Panic"],
])) {
  test(`the scheduler reaches the failure: ${name}`, async () => {
    const data = samples[name];
    const { page, close } = await browser.open(data);
    await press(page, ["s", ...keysOf(data, easiest(data))]);
    assert.equal(await text(page, "panel-title"), "You have reached the failure");
    const switches = `${data.fewestSwitches} forced switch${data.fewestSwitches === 1 ? "" : "es"}`;
    assert.equal(await text(page, "said-text"), `${kind}, with ${switches}. No explored run fails with fewer.`);
    assert.match(await text(page, "verdict-cause"), /^Usually:/);
    assert.equal(await page.locator(".why").count(), data.runs[easiest(data)].end.rows.length);
    await close();
  });
}

test("the scheduler may take more switches than needed, undo, and start over", async () => {
  const data = samples.lostUpdate;
  const worst = data.runs
    .map((/** @type {any} */ run, /** @type {number} */ at) => ({ ...run, at }))
    .filter((/** @type {any} */ run) => run.end)
    .sort((/** @type {any} */ a, /** @type {any} */ b) => b.switches - a.switches)[0];
  const { page, close } = await browser.open(data, { hash: "#play" });
  await press(page, keysOf(data, worst.at));
  assert.match(await text(page, "said-text"), new RegExp(`with ${worst.switches} forced .* It can be done with 1\\.$`));
  await press(page, ["u"]);
  assert.equal(await text(page, "panel-title"), "Who goes next?");
  assert.equal(await page.locator("#rows tbody tr").count(), worst.steps.length);
  await page.getByRole("button", { name: "Start over" }).click();
  assert.equal(await page.locator("#rows tbody tr").count(), 1);
  const well = data.runs.findIndex((/** @type {any} */ run) => !run.end);
  await press(page, keysOf(data, well));
  assert.equal(await text(page, "panel-title"), "This run ends well");
  await page.getByRole("button", { name: "Am I on the way?" }).click();
  assert.match(await text(page, "said-text"), /No explored run fails from here/);
  await page.getByRole("button", { name: "Leave the game" }).click();
  assert.equal(await value(page, "run"), String(well + 1));
  await close();
});

test("the switches are counted on the way as the model counts them", async () => {
  const data = samples.once;
  const { page, close } = await browser.open(data);
  for (const [at, run] of data.runs.entries()) {
    const row = run.steps.length - 1;
    await page.evaluate((hash) => void (location.hash = hash), `#run=${at + 1}&row=${row}&play`);
    await page.waitForFunction((rows) => document.querySelectorAll("#rows tbody tr").length === rows, row + 1);
    const forced = run.forced.filter((/** @type {number} */ step) => step < row).length;
    await page.waitForFunction(
      (text) => document.querySelector("#score")?.textContent?.startsWith(text),
      `${forced} forced`,
    );
  }
  await close();
});

test("a load that may return two values is asked for, by key and by button", async () => {
  const data = samples.race;
  const { page, close } = await browser.open(data, { hash: "#play" });
  await press(page, [1, 1, 2, 3, 2]);
  await page.locator("#threads button").nth(2).click();
  const outcomes = page.getByRole("group", { name: "Which outcome" });
  assert.deepEqual(await outcomes.getByRole("button").allTextContents(), [
    "1ready.load → 0 Relaxed",
    "2ready.load → 1 Relaxed",
  ]);
  await press(page, ["Escape"]);
  assert.equal(await outcomes.isVisible(), false);
  assert.equal(await page.locator("#rows tbody tr").count(), 7);
  await press(page, [3]);
  await outcomes.getByRole("button").nth(1).click();
  assert.match(await text(page, "live"), /Row 7: reader: ready\.load \(→ 1 Relaxed\)/);
  await press(page, [3]);
  assert.equal(await text(page, "panel-title"), "You have reached the failure");
  await close();
});

test("wrong turns are explained", async () => {
  // Of the runs that are the same, only one is there.
  const { page, close } = await browser.open(samples.once, { hash: "#play" });
  await press(page, [2]);
  assert.match(await text(page, "said-text"), /^There cannot go on here: it has not been started yet\.$/);
  await press(page, [1, 1, 1]);
  assert.match(await text(page, "said-text"), /^Main cannot go on here: it waits for there\.$/);
  await press(page, [3]);
  assert.match(
    await text(page, "said-text"),
    /^This order is the same as run \d+'s, in which back's “begin” comes after there's “begin”: these two steps do not/,
  );
  assert.equal(await page.locator("#rows tbody tr").count(), 3);
  await page.getByRole("button", { name: "Go that way" }).click();
  assert.match((await page.locator("#rows tbody tr").last().textContent()) ?? "", /begin/);
  assert.equal(await page.locator("#rows tbody tr").count(), 5);
  // What comes later in the other run has been taken already: the game changes to that run.
  await press(page, [2]);
  assert.match(
    await text(page, "said-text"),
    /in which there's “a\.lock” comes before back's “begin”: .*, as they touch different things\.$/,
  );
  await press(page, ["y"]);
  assert.match((await page.locator("#rows tbody tr").last().textContent()) ?? "", /begin/);
  assert.equal(await page.locator("#rows tbody tr").count(), 6);
  await press(page, ["u", "u"]);
  assert.equal(await page.locator("#rows tbody tr").count(), 3);
  await close();

  // A search that was cut: in all of its runs the first thread reads and writes before the second reads.
  const all = samples.lostUpdate;
  /** @param {any} run */
  const begins = (run) => [0, 0, 1, 2, 1, 1].every((thread, at) => all.ops[run.steps[at]].thread === thread);
  const cut = { ...all, cut: "Only some runs are here.", runs: all.runs.filter(begins) };
  const bounded = await browser.open(cut, { hash: "#play" });
  await press(bounded.page, [1, 1, 2, 3, 2, 3]);
  assert.equal(await text(bounded.page, "said-text"), "No explored run goes this way. Only some runs are here.");
  await bounded.close();

  // A lock that another thread holds, and that this one has not asked for yet.
  /** @param {any[]} delta */
  const silent = (delta) => delta.filter(([, label]) => label !== "state");
  const held = await browser.open(
    { ...samples.deadlock, deltas: samples.deadlock.deltas.map(silent) },
    { hash: "#run=1&row=0&play" },
  );
  await press(held.page, [1, 1, 2, 3, 2, 2, 3]);
  assert.equal(await text(held.page, "said-text"), "Back cannot go on here: it needs b, held by there.");
  await held.close();
});

test("everything works by keyboard alone, with the focus in sight", async () => {
  const { page, close } = await browser.open(samples.race);
  await press(page, ["?"]);
  assert.equal(await page.getByRole("dialog", { name: "Keys" }).isVisible(), true);
  await press(page, ["j", "Escape"]);
  assert.equal(await page.getByRole("dialog", { name: "Keys" }).isVisible(), false);
  assert.equal(await value(page, "row"), "0");
  await press(page, ["j", "ArrowRight", "ArrowRight", "k", "End", "ArrowLeft", "Home", "ArrowRight"]);
  assert.equal(await currentRow(page), "1");

  const named = await tabThrough(page);
  for (const wanted of ["Next run", "Step ›", "Be the scheduler", "Rows", "src/once.rs"]) {
    assert.ok(named.includes(wanted), `${wanted} is not reached by Tab: ${named.join("; ")}`);
  }
  await page.locator('#rows [aria-current="step"] button').focus();
  await press(page, ["ArrowDown", "ArrowDown", "ArrowUp"]);
  assert.equal(await currentRow(page), "2");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "2");

  await press(page, ["s"]);
  const game = await tabThrough(page);
  for (const wanted of ["Undo", "Start over", "Leave the game"]) assert.ok(game.includes(wanted), wanted);
  await press(page, ["Escape"]);
  assert.equal(await page.locator("#panel").isVisible(), false);
  await close();
});

/** Goes once around the page by Tab: the names of what it stops at, each of which must show that it has the focus.
 * @param {Page} page */
async function tabThrough(page) {
  /** @type {string[]} */
  const names = [];
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  for (let stop = 0; stop < 60; stop++) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const at = /** @type {HTMLElement} */ (document.activeElement);
      const label = at.getAttribute("aria-label") ?? at.closest("label")?.textContent ?? at.textContent ?? "";
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      if (at === document.body) return null;
      const seen = at.dataset.seen;
      at.dataset.seen = "yes";
      return { seen, name: label.trim(), outline: `${outlineStyle} ${outlineWidth}` };
    });
    if (found?.seen) break;
    if (!found) continue;
    assert.match(found.outline, /^solid 3px$/, `${found.name} does not show the focus`);
    assert.notEqual(found.name, "");
    names.push(found.name);
  }
  await page.evaluate(() =>
    document.querySelectorAll("[data-seen]").forEach((one) => one.removeAttribute("data-seen")),
  );
  return names;
}

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`every text has a contrast of at least 4.5: ${colorScheme}`, async () => {
    for (const hash of ["#run=1&row=5", "#run=1&row=5&play", ""]) {
      const { page, close } = await browser.open(samples.race, { hash, colorScheme });
      if (hash === "") await press(page, ["End"]);
      const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(dark === "rgb(255, 255, 255)", colorScheme === "light");
      assert.deepEqual(await page.evaluate(poorContrasts), []);
      await press(page, ["?"]);
      assert.deepEqual(await page.evaluate(poorContrasts), []);
      await close();
    }
    const { page, close } = await browser.open(samples.big, { hash: "#run=1&row=30", colorScheme });
    assert.deepEqual(await page.evaluate(poorContrasts), []);
    await close();
  });
}

/** The texts that stand out too little from what is behind them; runs in the page. */
function poorContrasts() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!canvas) throw new Error("no canvas");
  /** @param {string[]} colours painted one over the other */
  const luminance = (colours) => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const poor = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const at = texts.currentNode.parentElement;
    if (!at || !texts.currentNode.textContent?.trim() || !at.checkVisibility() || at.closest("script, .unseen"))
      continue;
    const behind = [];
    for (let up = /** @type {Element | null} */ (at); up; up = up.parentElement) {
      behind.unshift(getComputedStyle(up).backgroundColor);
      if (up.tagName === "DIALOG") break;
    }
    const [front, back] = [luminance([...behind, getComputedStyle(at).color]), luminance(behind)];
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < 4.5) poor.add(`${at.className || at.tagName} “${at.textContent}”: ${contrast.toFixed(2)}`);
  }
  return [...poor];
}

test("no width from 360 to 1,400 pixels scrolls sideways, and nothing is cut off", async () => {
  for (const data of [samples.big, samples.lostUpdate]) {
    const { page, close } = await browser.open(data);
    for (const mode of ["browse", "game"]) {
      for (const width of [360, 480, 640, 641, 800, 899, 900, 1100, 1400]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${mode} at ${width}: the page is ${wide} wide`);
        const out = await page.evaluate(() =>
          [...document.querySelectorAll("button, input, h1, h2, h3, p, dd, td, th")]
            .filter((one) => one.checkVisibility() && !one.closest("pre, .unseen, dialog"))
            .filter(
              (one) => one.getBoundingClientRect().right > innerWidth + 0.5 || one.scrollWidth > one.clientWidth + 1,
            )
            .filter((one) => getComputedStyle(one).display !== "inline" && !one.matches("input"))
            .map((one) => `${one.tagName} ${one.textContent}`),
        );
        assert.deepEqual(out, [], `${mode} at ${width}`);
      }
      await press(page, ["s", "1"]);
    }
    await close();
  }
});

test("a narrow page shows each step with its thread's mark, and the buttons for the steps", async () => {
  const { page, close } = await browser.open(samples.deadlock, { viewport: { width: 360, height: 740 } });
  await press(page, ["j", "j", "j"]);
  const row = page.locator("#rows .now");
  assert.equal(await row.locator(".badge").isVisible(), true);
  assert.equal(await row.locator(".badge").textContent(), "2");
  for (const id of ["back", "play", "step"]) assert.equal(await page.locator(`#${id}`).isVisible(), true);
  await page.locator("#step").click();
  assert.equal(await value(page, "row"), "4");
  await page.getByRole("button", { name: "Be the scheduler" }).click();
  await page.locator("#threads button").nth(2).click();
  assert.equal(await page.locator("#rows tbody tr").count(), 6);
  await close();
});

test("text that looks like markup is shown, not run", async () => {
  const { page, close } = await browser.open(samples.lostUpdate);
  await press(page, ["End"]);
  assert.match(await text(page, "verdict-message"), /^<script>document\.title = 'run'<\/script> left: 1, right: 2$/);
  assert.match(await text(page, "title"), /spin_<b>counter<\/b>/);
  assert.match(await text(page, "sources"), /"<\/script><script>document\.title = 'run'<\/script>"/);
  assert.equal(await page.title(), "no_increment_is_lost · spin_<b>counter</b>");
  assert.equal(await page.locator("img, b, i").count(), 0);
  assert.equal(await page.locator("script").count(), 2);
  await close();
});

test("the policy lets no other script run and nothing be fetched", async (t) => {
  let asked = 0;
  const server = createServer((_, response) => void (asked++, response.end()));
  await new Promise((listens) => server.listen(0, "127.0.0.1", () => listens(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const { page, wrong, close } = await browser.open(samples.race);
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
  assert.match(policy ?? "", /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}=';/);
  const ran = await page.evaluate(async (url) => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'run'";
    document.body.append(script);
    const image = new Image();
    const failed = new Promise((done) => (image.onerror = image.onload = done));
    image.src = url;
    await failed;
    const fetched = await fetch(url).catch(() => null);
    return [document.title, fetched];
  }, `http://127.0.0.1:${port}/`);
  assert.deepEqual(ran, ["value_is_published · once", null]);
  assert.ok(wrong.filter((one) => /Content Security Policy/.test(one)).length >= 3, wrong.join("\n"));
  await close(/Content Security Policy|request: http/);
  assert.equal(asked, 0);
});

test("a reader who asked for less motion sees none", async () => {
  const { page, close } = await browser.open(samples.race, { reducedMotion: "reduce" });
  await press(page, ["j", "j", "s", "2"]);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  await close();
});
