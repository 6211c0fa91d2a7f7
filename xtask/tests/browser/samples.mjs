// @ts-check
// Sample data for the page's tests: small programs, every interleaving of which is tried, in the format that
// `cargo xtask explore` writes. Threads are generators that yield their steps; a run is replayed from its choices.

/**
 * @typedef {{ text: string, at: string, touches: [string, "r" | "w"][], when?: () => boolean, ways?: () => number, together?: boolean,
 *   act: (way: number) => { note?: string, value?: any, changes?: [string, string, string | null][],
 *   fails?: { kind: string, message: string, cause: string | null } } }} Step
 * @typedef {{ lesson: string, test: string, about: string, code: string, threads: string[],
 *   objects: Record<string, string>, sources: { path: string, role: string, text: string }[],
 *   begin: () => (() => Generator<Step, void, any>)[] }} Program
 */

/** A mutex's two steps. @param {string} name @param {{ owner: string | null }} state */
const mutex = (name, state) => ({
  /** @param {string} by @param {string} at @returns {Step} */
  lock: (by, at) => ({
    text: `${name}.lock`,
    at,
    touches: [[name, "w"]],
    when: () => state.owner === null,
    act: () => ((state.owner = by), { changes: [[name, "held by", by]] }),
  }),
  /** @param {string} at @returns {Step} */
  unlock: (at) => ({
    text: `${name} unlocked`,
    at,
    touches: [[name, "w"]],
    act: () => ((state.owner = null), { changes: [[name, "held by", null]] }),
  }),
});

/** @param {string} name @returns {Step} */
const spawn = (name) => ({
  text: `spawn ${name}`,
  at: `// spawn ${name}`,
  touches: [[name, "w"]],
  act: () => ({ changes: [] }),
});

/** @param {string} name @param {() => boolean} ended @returns {Step} */
const join = (name, ended) => ({
  text: `join ${name}`,
  at: `// join ${name}`,
  touches: [[name, "w"]],
  when: ended,
  act: () => ({}),
});

/** A program of `main` and two threads that it starts and joins, unless `joins` is false.
 * @param {Omit<Program, "begin" | "threads"> & { names: [string, string], body: () => (() => Generator<Step, void, any>)[],
 *   last?: () => Step[] }} of @returns {Program} */
function twoThreads({ names, body, last, ...rest }) {
  return {
    ...rest,
    threads: ["main", ...names],
    objects: { ...rest.objects, main: "thread", [names[0]]: "thread", [names[1]]: "thread" },
    begin() {
      const alive = new Set(names);
      const started = new Set();
      const bodies = body().map(
        (thread, index) =>
          /** @returns {Generator<Step, void, any>} */
          function* () {
            yield {
              text: "begin",
              at: `// spawn ${names[index]}`,
              touches: [[names[index], "w"]],
              when: () => started.has(names[index]),
              act: () => ({}),
            };
            yield* thread();
            yield {
              text: "return",
              at: `// spawn ${names[index]}`,
              touches: [[names[index], "w"]],
              act: () => (alive.delete(names[index]), {}),
            };
          },
      );
      function* main() {
        for (const name of names) {
          const step = spawn(name);
          yield { ...step, act: (/** @type {number} */ way) => (started.add(name), step.act(way)) };
        }
        for (const name of names) yield join(name, () => !alive.has(name));
        yield* last?.() ?? [];
      }
      return [main, ...bodies];
    },
  };
}

const DEADLOCK_LESSON = `//! Two accounts, each behind a lock of its own.

/// Moves money: locks where it comes from, then where it goes to.
pub fn transfer(from: &Account, to: &Account, sum: u64) {
    let mut out = from.balance.lock();
    let mut into = to.balance.lock();
    *out -= sum;
    *into += sum;
}
`;

const DEADLOCK_MODEL = `/// Two transfers the other way round.
#[test]
fn opposite_transfers() {
    harness::model(|| {
        let there = thread::spawn(|| transfer(&a, &b, 1)); // spawn there
        let back = thread::spawn(|| transfer(&b, &a, 1)); // spawn back
        there.join(); // join there
        back.join(); // join back
    });
}
`;

/** Two locks, taken in both orders. */
export const deadlock = twoThreads({
  lesson: "bank_account",
  test: "opposite_transfers",
  about: "Two transfers between the same two accounts, one each way.",
  code: "the mistake locks_in_the_order_of_arguments",
  names: ["there", "back"],
  objects: { a: "mutex", b: "mutex" },
  sources: [
    { path: "src/bank_account.rs", role: "lesson", text: DEADLOCK_LESSON },
    { path: "tests/check.rs", role: "model", text: DEADLOCK_MODEL },
  ],
  body() {
    const [a, b] = ["a", "b"].map((name) => mutex(name, { owner: null }));
    return [
      function* () {
        yield a.lock("there", "from.balance.lock");
        yield b.lock("there", "to.balance.lock");
        yield b.unlock("*into += sum");
        yield a.unlock("*into += sum");
      },
      function* () {
        yield b.lock("back", "from.balance.lock");
        yield a.lock("back", "to.balance.lock");
        yield a.unlock("*into += sum");
        yield b.unlock("*into += sum");
      },
    ];
  },
});

/** A flag that publishes nothing: the load may return two values, and one of them leads to a race. */
export const race = twoThreads({
  lesson: "once",
  test: "value_is_published",
  about: "One thread writes the value and sets the flag; the other reads the value if it sees the flag.",
  code: "the mistake relaxed_flag",
  names: ["writer", "reader"],
  objects: { ready: "atomic", value: "cell" },
  sources: [
    {
      path: "src/once.rs",
      role: "lesson",
      text: `pub fn set(&self, value: u32) {
    self.value.with_mut(|slot| *slot = value);
    self.ready.store(1, Relaxed);
}

pub fn get(&self) -> Option<u32> {
    if self.ready.load(Relaxed) == 0 {
        return None;
    }
    Some(self.value.with(|slot| *slot))
}
`,
    },
    {
      path: "tests/check.rs",
      role: "model",
      text: `let writer = thread::spawn(|| once.set(7)); // spawn writer
let reader = thread::spawn(|| once.get()); // spawn reader
writer.join(); // join writer
reader.join(); // join reader
`,
    },
  ],
  body() {
    const seen = [0];
    return [
      function* () {
        yield {
          text: "value.write",
          together: true,
          at: "with_mut",
          touches: [["value", "w"]],
          act: () => ({ note: "7", changes: [["value", "value", "7"]] }),
        };
        yield {
          text: "ready.store",
          at: "store(1",
          touches: [["ready", "w"]],
          act: () => (
            seen.push(1),
            {
              note: "1 Relaxed",
              changes: [
                ["ready", "value", "1"],
                ["ready", "reader may see", "0, 1"],
              ],
            }
          ),
        };
      },
      function* () {
        /** @type {number} */
        const flag = yield {
          text: "ready.load",
          at: "load(Relaxed)",
          touches: [["ready", "r"]],
          ways: () => seen.length,
          act: (way) => ({ note: `→ ${seen[way]} Relaxed`, value: seen[way] }),
        };
        if (flag === 0) return;
        yield {
          text: "value.read",
          at: "Some(self.value",
          touches: [["value", "r"]],
          act: () => ({
            fails: {
              kind: "data race",
              message: "reader reads value while nothing orders it after writer's write of it.",
              cause: "the flag is stored or loaded Relaxed, so it publishes nothing.",
            },
          }),
        };
      },
    ];
  },
});

/** A counter that is read and written in two steps; the message tries to be markup. */
export const lostUpdate = (() => {
  const counter = { value: 0 };
  return twoThreads({
    lesson: "spin_<b>counter</b>",
    test: "no_increment_is_lost",
    about: "Two threads add one each. <img src=x onerror=alert(1)>",
    code: "yours",
    names: ["adder 1", "adder 2"],
    objects: { counter: "atomic", "<i>log</i>": "cell" },
    sources: [
      {
        path: "src/counter.rs",
        role: "lesson",
        text: `pub fn add(&self) {
    let old = self.value.load(SeqCst); // "</script><script>document.title = 'run'</script>"
    self.value.store(old + 1, SeqCst);
}
`,
      },
      {
        path: "tests/check.rs",
        role: "model",
        text: `let one = thread::spawn(|| counter.add()); // spawn adder 1
let two = thread::spawn(|| counter.add()); // spawn adder 2
one.join(); // join adder 1
two.join(); // join adder 2
assert_eq!(counter.get(), 2);
`,
      },
    ],
    body() {
      counter.value = 0;
      return [0, 1].map(
        () =>
          function* () {
            /** @type {number} */
            const old = yield {
              text: "counter.load",
              at: "load(SeqCst)",
              touches: [["counter", "r"]],
              act: () => ({ note: `→ ${counter.value}`, value: counter.value }),
            };
            yield {
              text: "counter.store",
              at: "store(old",
              touches: [["counter", "w"]],
              act: () => (
                (counter.value = old + 1),
                { note: `${old + 1}`, changes: [["counter", "value", `${old + 1}`]] }
              ),
            };
          },
      );
    },
    last: () => [
      {
        text: "counter.load",
        at: "assert_eq!",
        touches: [["counter", "r"]],
        act: () => ({
          note: `→ ${counter.value}`,
          fails:
            counter.value === 2
              ? undefined
              : {
                  kind: "panic",
                  message: "<script>document.title = 'run'</script> left: 1, right: 2",
                  cause: "a lost update. Both threads read the counter before either writes it.",
                },
        }),
      },
    ],
  });
})();

/** Many threads and rows: for the look and the speed of a big page. @type {Program} */
export const big = (() => {
  const names = ["main", "worker 1", "worker 2", "worker 3", "the last one"];
  const text = Array.from(
    { length: 200 },
    (_, line) => `    let step_${line} = self.slots[${line}].load(Acquire); // ${line}`,
  );
  return {
    lesson: "work_stealing",
    test: "every_job_runs_once",
    about: "Five threads share four counters.",
    code: "the reference",
    threads: names,
    objects: { a: "atomic", b: "atomic", c: "atomic", d: "atomic" },
    sources: [
      { path: "src/work_stealing.rs", role: "lesson", text: text.join("\n") },
      { path: "tests/check.rs", role: "model", text: text.join("\n") },
    ],
    begin() {
      /** @type {Record<string, number>} */
      const values = { a: 0, b: 0, c: 0, d: 0 };
      return names.map(
        (name, thread) =>
          function* () {
            for (let turn = 0; turn < 12; turn++) {
              const object = "abcd"[(turn * (thread + 1)) % 4];
              yield {
                text: `${object}.fetch_add`,
                at: `step_${thread * 40 + turn * 3} `,
                touches: [[object, "w"]],
                act: () => {
                  const next = ++values[object];
                  return {
                    note: `${next - 1} → ${next}`,
                    changes: [
                      [object, "value", String(next)],
                      [object, "last changed by", name],
                    ],
                    fails:
                      object === "d" && next === 15 && thread === 2
                        ? { kind: "panic", message: "fifteen of the third thread", cause: null }
                        : undefined,
                  };
                },
              };
            }
          },
      );
    },
  };
})();

/**
 * Tries the interleavings of a program: all of them, or `runs` at random. `once`: of those that differ only in the order
 * of steps that do not depend on each other, the first alone.
 * @param {Program} program
 * @param {{ runs?: number, once?: boolean }} [how]
 */
export function explore(program, { runs: most = Infinity, once = false } = {}) {
  const names = Object.keys(program.objects);
  /** @param {string} name */
  const objectOf = (name) => names.indexOf(name);
  const table = tableOf();
  const deltas = tableOf();
  /** @type {Map<string, any>} */
  const runs = new Map();
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647);
  /** @type {{ way: number, of: number }[]} */
  let choices = [];
  do {
    const run = replay();
    const key = (once ? normalForm(run.steps) : run.steps).join();
    if (!runs.has(key)) runs.set(key, run);
    if (most < Infinity) choices = [];
    else {
      while (choices.length && choices[choices.length - 1].way + 1 === choices[choices.length - 1].of) choices.pop();
      if (choices.length) choices[choices.length - 1].way++;
    }
  } while (most < Infinity ? runs.size < most : choices.length);

  const all = [...runs.values()];
  const failing = all.filter((run) => run.end);
  return {
    format: "explore",
    version: 1,
    lesson: program.lesson,
    test: program.test,
    about: program.about,
    code: program.code,
    model: { number: 1, of: 1 },
    found: failing.length ? all.indexOf(failing[0]) : null,
    coverage: most < Infinity ? `${all.length} interleavings, picked at random.` : `All ${all.length} interleavings.`,
    cut: most < Infinity ? `Only ${all.length} of all runs are here.` : null,
    failing: failing.length,
    fewestSwitches: failing.length ? Math.min(...failing.map((run) => run.switches)) : null,
    sources: program.sources,
    threads: program.threads,
    objects: names.map((name) => ({ name, kind: program.objects[name] })),
    ops: table.entries,
    runs: all,
    deltas: deltas.entries,
  };

  function replay() {
    const threads = program.begin().map((body) => body());
    /** @type {(Step | undefined)[]} */
    const waiting = threads.map((thread) => thread.next().value ?? undefined);
    /** @type {(string | null)[]} what hinders each thread */
    const states = threads.map(() => null);
    /** `forced` is for the tests: the steps before which a thread that could go on was stopped. */
    const run = {
      steps: /** @type {number[]} */ ([]),
      delta: /** @type {number[]} */ ([]),
      able: /** @type {number[]} */ ([]),
      switches: 0,
      forced: /** @type {number[]} */ ([]),
      end: /** @type {any} */ (null),
    };
    let before = -1;
    for (let depth = 0; ; depth++) {
      const together = before >= 0 && waiting[before]?.together;
      const options = waiting.flatMap((step, thread) => {
        if (!step || (step.when && !step.when()) || (together && thread !== before)) return [];
        return Array.from({ length: step.ways?.() ?? 1 }, (_, way) => ({ step, thread, way }));
      });
      if (!options.length) break;
      if (!choices[depth])
        choices[depth] = { way: most < Infinity ? random() % options.length : 0, of: options.length };
      const { step, thread, way } = options[choices[depth].way];
      if (before >= 0 && before !== thread && options.some((option) => option.thread === before))
        run.forced.push(depth);
      run.able.push(options.reduce((bits, option) => bits | (1 << option.thread), 0));
      before = thread;
      const { note = null, value, changes = [], fails } = step.act(way);
      const source = program.sources.findIndex(({ text }) => text.includes(step.at));
      const op = table.add({
        thread,
        text: step.text,
        note,
        source,
        line: program.sources[source].text.split("\n").findIndex((line) => line.includes(step.at)) + 1,
        object: objectOf(step.touches[0][0]),
        touches: step.touches.map(([object, how]) => [objectOf(object), how]),
        together: step.together ?? false,
      });
      run.steps.push(op);
      if (!fails) {
        const next = threads[thread].next(value);
        waiting[thread] = next.done ? undefined : next.value;
      }
      const all = [...changes, ...hindrances()];
      run.delta.push(deltas.add(all.map(([object, label, text]) => [objectOf(object), label, text])));
      if (fails) {
        const rows = run.steps.flatMap((other, step) => (touchesSame(other, op) ? [{ step, text: "see here" }] : []));
        run.end = { ...fails, rows };
        break;
      }
    }
    run.switches = run.forced.length;
    const asleep = waiting.flatMap((step, thread) =>
      step ? [`${program.threads[thread]} waits in ${step.text}`] : [],
    );
    if (asleep.length && !run.end) {
      const locks = [...run.steps.keys()].filter((step) => table.entries[run.steps[step]].text.endsWith(".lock"));
      const cause = "two locks, taken in both orders.";
      const rows = locks.map((step) => ({ step, text: "is kept" }));
      run.end = { kind: "deadlock", message: `${asleep.join(", ")}: nobody is left to go on`, cause, rows };
    }
    return run;

    /** What hinders each thread, where that has changed. @returns {[string, string, string | null][]} */
    function hindrances() {
      return program.threads.flatMap((name, thread) => {
        const step = waiting[thread];
        const blocked = step && step.text !== "begin" && step.when && !step.when();
        const state = !step ? "has returned" : blocked ? `waits for ${step.touches[0][0]}` : null;
        if (states[thread] === state || !(name in program.objects)) return [];
        states[thread] = state;
        return [/** @type {[string, string, string | null]} */ ([name, "state", state])];
      });
    }
  }

  /** @param {number} first @param {number} second */
  function touchesSame(first, second) {
    return table.entries[first].touches.some((/** @type {any} */ [one]) =>
      table.entries[second].touches.some((/** @type {any} */ [other]) => one === other),
    );
  }

  /** The least order that is the same run: of the steps that may come first, always the one with the least number.
   * @param {number[]} steps */
  function normalForm(steps) {
    const left = [...steps];
    const form = [];
    while (left.length) {
      const free = left.filter((op, at) => !left.slice(0, at).some((before) => depends(before, op)));
      const first = Math.min(...free);
      form.push(...left.splice(left.indexOf(first), 1));
    }
    return form;
  }

  /** @param {number} first @param {number} second */
  function depends(first, second) {
    const [a, b] = [table.entries[first], table.entries[second]];
    if (a.thread === b.thread) return true;
    return a.touches.some((/** @type {any} */ [object, how]) =>
      b.touches.some((/** @type {any} */ [other, use]) => object === other && (how === "w" || use === "w")),
    );
  }
}

/** A table that holds each entry once. */
function tableOf() {
  /** @type {Map<string, number>} */
  const known = new Map();
  /** @type {any[]} */
  const entries = [];
  return {
    entries,
    /** @param {any} entry */
    add(entry) {
      const key = JSON.stringify(entry);
      const at = known.get(key) ?? entries.push(entry) - 1;
      known.set(key, at);
      return at;
    },
  };
}
