// @ts-check
// The page of `cargo xtask explore`: steps through the interleavings that a model explored, and lets the reader be
// the scheduler. The data stands in the page, as JSON; `xtask/src/explore/data.rs` describes its format.
// Texts get into the page as text nodes only, never as markup.

/**
 * @typedef {{ path: string, role: "lesson" | "model" | "other", text: string }} Source
 * @typedef {{ thread: number, text: string, note: string | null, source: number | null, line: number | null,
 *   object: number | null, touches: [number, "r" | "w"][], together: boolean }} Op
 * @typedef {{ kind: string, message: string, cause: string | null, rows: { step: number, text: string }[] }} End
 * @typedef {{ steps: number[], delta: number[], able: number[], switches: number, end: End | null }} Run
 * @typedef {{ format: string, version: number, lesson: string, test: string, about: string | null, code: string,
 *   model: { number: number, of: number }, found: number | null, coverage: string, cut: string | null,
 *   failing: number, fewestSwitches: number | null, sources: Source[], threads: string[], objects: { name: string, kind: string }[], ops: Op[],
 *   runs: Run[], deltas: [number, string, string | null][][] }} Data
 * @typedef {{ parent: Fork | null, op: number, depth: number, runs: number[],
 *   children: Map<number, Fork> | null }} Fork A place in the tree of runs: the steps that lead there, and the runs
 *   that begin with them.
 */

/** @type {Data} */
const data = JSON.parse(byId("data").textContent ?? "");
const { ops, runs, threads } = data;
if (data.format !== "explore" || data.version !== 1) throw new Error("this page shows version 1 of the data");

// ---- Elements ----

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** @param {string} id */
const control = (id) => /** @type {HTMLInputElement & HTMLButtonElement} */ (byId(id));

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Record<string, string>} attributes
 * @param {...(Node | string)} children */
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {string} css @param {...(Node | string)} children */
const span = (css, ...children) => make("span", { class: css }, ...children);

/** @param {number} thread */
const colourOf = (thread) => `t${thread % 8}`;

/** The mark of a thread: its colour and its number, which is also its key in the game. @param {number} thread */
const badge = (thread) => span(`badge ${colourOf(thread)}`, String(thread + 1));

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : noun.endsWith("ch") ? "es" : "s"}`;
/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** @param {{ text: string, note: string | null }} op */
const outcome = (op) => (op.note ? `${op.text} (${op.note})` : op.text);

/** Where an op stands: the line, with the file unless it is the lesson's. @param {Op} op */
function placeOf(op) {
  if (op.line === null) return "";
  const source = op.source === null ? undefined : data.sources[op.source];
  return source && source.role !== "lesson" ? `${source.path.split("/").pop()}:${op.line}` : `:${op.line}`;
}

/** A step in one sentence, as it is spoken. @param {Op} op */
const spoken = (op) =>
  `${threads[op.thread]}: ${outcome(op)}${placeOf(op).replace(/^(.*):/, (_, file) => `, ${file} line `)}`;

/** A text that lists threads, with their marks; any other text as it is. @param {string} text */
function withBadges(text) {
  const names = text.split(", ").map((name) => threads.indexOf(name));
  if (names.includes(-1)) return [text];
  return names.map((thread) => span("", badge(thread), ` ${threads[thread]} `));
}

/** Scrolls `pane`, and nothing around it, until `inner` is in sight. @param {HTMLElement} pane @param {HTMLElement} inner */
function reveal(pane, inner) {
  const top = inner.offsetTop;
  const bottom = top + inner.offsetHeight;
  const spare = Math.min(70, pane.clientHeight / 4);
  if (top < pane.scrollTop + spare || bottom > pane.scrollTop + pane.clientHeight - spare) {
    pane.scrollTop = bottom > top + pane.clientHeight ? top : (top + bottom - pane.clientHeight) / 2;
  }
}

// ---- The tree of runs ----

/** @type {Fork} */
const root = { parent: null, op: -1, depth: 0, runs: runs.map((_, run) => run), children: null };

/** The steps that some run takes next, each with the place to which it leads. @param {Fork} fork */
function childrenOf(fork) {
  if (fork.children) return fork.children;
  /** @type {Map<number, Fork>} */
  const children = new Map();
  for (const run of fork.runs) {
    const op = runs[run].steps[fork.depth];
    if (op === undefined) continue;
    const child = children.get(op);
    if (child) child.runs.push(run);
    else children.set(op, { parent: fork, op, depth: fork.depth + 1, runs: [run], children: null });
  }
  fork.children = children;
  return children;
}

/** @param {number[]} steps */
const forkAt = (steps) => steps.reduce((fork, op) => childrenOf(fork).get(op) ?? fork, root);
/** The steps that lead to a place. @param {Fork} fork */
const pathTo = (fork) => runs[fork.runs[0]].steps.slice(0, fork.depth);

/** What `thread` can do at a place, as far as it was explored. @param {Fork} fork @param {number} thread */
const movesOf = (fork, thread) => [...childrenOf(fork).values()].filter((child) => ops[child.op].thread === thread);

/** The next step of `thread` in the first run from here that has one. @param {Fork} fork @param {number} thread */
function nextOf(fork, thread) {
  for (const run of fork.runs) {
    const next = runs[run].steps.find((op, at) => at >= fork.depth && ops[op].thread === thread);
    if (next !== undefined) return next;
  }
  return null;
}

/** The state after `row` steps of a run: texts by object and label. @param {number} run @param {number} row */
function stateAt(run, row) {
  /** @type {Map<string, string | null>} */
  const state = new Map();
  for (const delta of runs[run].delta.slice(0, row)) {
    for (const [object, label, text] of data.deltas[delta]) state.set(`${object} ${label}`, text);
  }
  return state;
}

/** Why `thread` cannot take a step here ("waits for count"), or null if it can. @param {Fork} fork @param {number} thread */
function hindrance(fork, thread) {
  if (fork.runs.some((run) => (runs[run].able[fork.depth] >> thread) & 1)) return null;
  const object = data.objects.findIndex(({ name, kind }) => kind === "thread" && name === threads[thread]);
  const met = pathTo(fork).some(
    (op) => ops[op].thread === thread || ops[op].touches.some(([touched]) => touched === object),
  );
  const state = stateAt(fork.runs[0], fork.depth);
  const lock = ops[nextOf(fork, thread) ?? -1]?.touches.find(([touched]) => state.get(`${touched} held by`))?.[0];
  const waits =
    lock === undefined ? "has to wait" : `needs ${data.objects[lock].name}, held by ${state.get(`${lock} held by`)}`;
  return state.get(`${object} state`) ?? (met ? waits : "has not been started yet");
}

/** How often, on the way here, a thread that could go on was stopped. @param {Fork} fork */
function switchesTo(fork) {
  let switches = 0;
  for (let at = fork; at.parent?.parent; at = at.parent) {
    const before = ops[at.parent.op].thread;
    if (before !== ops[at.op].thread && hindrance(at.parent, before) === null) switches++;
  }
  return switches;
}

/** Whether two steps may not change places: the same thread's, or both touch an object and not both only read it.
 * @param {number} first @param {number} second */
function dependent(first, second) {
  const [a, b] = [ops[first], ops[second]];
  /** @param {[number, string]} one @param {[number, string]} other */
  const clash = (one, other) => one[0] === other[0] && (one[1] === "w" || other[1] === "w");
  return a.thread === b.thread || a.touches.some((one) => b.touches.some((other) => clash(one, other)));
}

/**
 * Looks in `run` for the order `path`, then `thread`: as it is, or after changes of places between steps that do not
 * depend on each other. `first` are the steps that the run takes before that of `thread` and the path lacks;
 * `later` those of the path that it takes after it.
 * @param {number} run @param {number[]} path @param {number} thread
 */
function sameOrder(run, path, thread) {
  const steps = runs[run].steps;
  const taken = new Uint8Array(steps.length);
  let length = 0;
  let found = -1;
  for (const wanted of [...path, -1]) {
    const owner = wanted < 0 ? thread : ops[wanted].thread;
    const at = steps.findIndex((op, index) => !taken[index] && ops[op].thread === owner);
    if (at < 0 || (wanted >= 0 && steps[at] !== wanted)) return null;
    for (let before = 0; before < at; before++) if (!taken[before] && dependent(steps[before], steps[at])) return null;
    taken[at] = 1;
    length = Math.max(length, at + 1);
    found = at;
  }
  for (let at = found + 1; ops[steps[at]]?.together && !taken[at]; at++) {
    if (steps.slice(0, found).some((op, before) => !taken[before] && dependent(op, steps[at]))) return null;
  }
  const first = steps.slice(0, found).filter((_, index) => !taken[index]);
  const later = steps.slice(found + 1, length).filter((_, index) => taken[found + 1 + index]);
  return { run, step: steps[found], steps: steps.slice(0, length), first, later };
}

/** The explored order that is nearest to "`thread` goes on here". @param {Fork} fork @param {number} thread */
function equivalent(fork, thread) {
  for (const among of [fork.runs, root.runs]) {
    const found = among.flatMap((run) => sameOrder(run, pathTo(fork), thread) ?? []);
    if (found.length > 0) return found.reduce((best, same) => (same.steps.length < best.steps.length ? same : best));
  }
  return null;
}

// ---- What is shown ----

/** Where the page stands. `before` is the run that was shown before this one, to say where they part; `game` holds the
 * places of the game, the last of which is where it stands.
 * @type {{ run: number, row: number, before: number, game: Fork[] | null }} */
const view = { run: 0, row: 0, before: 0, game: null };

const shownRun = () => runs[view.run];
/** The run that ends at a place. @param {Fork} fork */
const endOf = (fork) => fork.runs.find((run) => runs[run].steps.length === fork.depth);
/** The place of the next choice: the rows that belong to the one before are taken with it. @param {Fork} fork @returns {Fork} */
function settle(fork) {
  const [child, another] = childrenOf(fork).values();
  return child && !another && ops[child.op].together && endOf(fork) === undefined ? settle(child) : fork;
}

const atEnd = () => view.row === shownRun().steps.length;

const TOKENS =
  /(\/\/.*$)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])')|\b(as|async|await|break|const|continue|crate|dyn|else|enum|extern|fn|for|if|impl|in|let|loop|match|mod|move|mut|pub|ref|return|self|Self|static|struct|super|trait|type|unsafe|use|where|while)\b|\b(\d[\w.]*|true|false)\b/g;

/** A line of Rust, coloured. @param {string} text */
function coloured(text) {
  const code = make("code", {});
  let done = 0;
  for (const token of text.matchAll(TOKENS)) {
    const kind = token[1] ? "comment" : token[2] ? "string" : token[3] ? "keyword" : "literal";
    code.append(text.slice(done, token.index), span(kind, token[0]));
    done = token.index + token[0].length;
  }
  code.append(text.slice(done));
  return code;
}

/** The lines of each source. @type {{ line: HTMLElement, who: HTMLElement, pane: HTMLElement }[][]} */
const codeLines = data.sources.map((source, index) => {
  const pane = make("pre", { tabindex: "0", role: "region", "aria-label": source.path });
  const texts = source.text.replace(/\n$/, "").split("\n");
  const lines = texts.map((text, number) => {
    const who = span("who");
    const line = make("div", { class: "code-line" }, who, span("number", String(number + 1)), coloured(text));
    pane.append(line);
    return { line, who, pane };
  });
  const open = source.role !== "other" && ops.some((op) => op.source === index);
  const [, folder, name] = /^(.*\/)?(.*)$/.exec(source.path) ?? [];
  const role = source.role === "other" ? " the harness" : ` the ${source.role}`;
  const toggle = make("button", { type: "button", "aria-expanded": String(open) }, span("muted", folder ?? ""), name);
  toggle.append(span("muted", role));
  const section = make("section", { class: open ? "source open" : "source" }, make("h2", {}, toggle), pane);
  pane.hidden = !open;
  toggle.addEventListener("click", () => {
    pane.hidden = !section.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(!pane.hidden));
  });
  byId("sources")[source.role === "lesson" ? "prepend" : "append"](section);
  return lines;
});

/** The marks that stand at the threads' lines. */
const whereBadges = threads.map((name, thread) =>
  Object.assign(badge(thread), { role: "img", title: name, ariaLabel: `${name} is here` }),
);
/** @type {Set<HTMLElement>} */
const marked = new Set();

/** The line of an op, in the page. @param {Op} op */
const codeLineOf = (op) => codeLines[op.source ?? -1]?.[(op.line ?? 0) - 1];

/** Marks the line of each thread's last step, of which the last of all stands out. Each source shows the last step in it,
 * and at the start the first. */
function drawSources() {
  for (const line of marked) line.className = "code-line";
  marked.clear();
  const steps = shownRun().steps;
  const [seen, panes] = [new Set(), new Set()];
  for (let at = view.row - 1; at >= 0 && seen.size < threads.length; at--) {
    const op = ops[steps[at]];
    const place = codeLineOf(op);
    if (seen.has(op.thread) || !place) continue;
    seen.add(op.thread);
    if (whereBadges[op.thread].parentElement !== place.who) place.who.append(whereBadges[op.thread]);
    const how = marked.size ? "at" : "here";
    if (!marked.has(place.line)) place.line.className = `code-line ${colourOf(op.thread)} ${how}`;
    marked.add(place.line);
    if (!panes.has(place.pane)) reveal(place.pane, place.line);
    panes.add(place.pane);
  }
  threads.forEach((_, thread) => seen.has(thread) || whereBadges[thread].remove());
  for (const op of view.row === 0 ? [...steps].reverse() : []) {
    const place = codeLineOf(ops[op]);
    if (place) reveal(place.pane, place.line);
  }
}

const body = /** @type {HTMLElement} */ (byId("rows").querySelector("tbody"));
/** What the table shows: the steps, the rows (that of the start, then one for each step), and the current row.
 * @type {{ ops: number[], rows: HTMLTableRowElement[], now: number }} */
const drawn = { ops: [], rows: [], now: 0 };

/** The row of a step, or that of the start. @param {number} row @param {Op} [op] */
function makeRow(row, op) {
  const label = op ? `Row ${row}: ${spoken(op)}` : "Start";
  const button = make("button", { type: "button", tabindex: "-1", "aria-label": label }, op ? String(row) : "start");
  const cells = threads.map((_, thread) => {
    if (thread !== op?.thread) return make("td", { role: "cell" });
    const cell = make("td", { role: "cell", class: `full ${colourOf(thread)}` }, badge(thread), span("op", op.text));
    cell.append(" ", span("note", op.note ?? ""), " ", span("place", placeOf(op)));
    return cell;
  });
  return make("tr", { role: "row", class: "next" }, make("th", { role: "rowheader" }, button), ...cells);
}

/** Brings the table to these steps: what it has in common with the steps before stays as it is. @param {number[]} steps */
function drawRows(steps) {
  let same = 0;
  while (same < steps.length && same < drawn.ops.length && steps[same] === drawn.ops[same]) same++;
  for (const row of drawn.rows.splice(same + 1)) row.remove();
  drawn.ops.length = same;
  drawn.now = Math.min(drawn.now, same);
  const more = document.createDocumentFragment();
  for (const op of steps.slice(same)) {
    drawn.ops.push(op);
    const row = makeRow(drawn.ops.length, ops[op]);
    drawn.rows.push(row);
    more.append(row);
  }
  body.append(more);
}

/** @param {number} row */
const rowButton = (row) => /** @type {HTMLButtonElement} */ (drawn.rows[row].querySelector("button"));

/** Moves the mark of the current row, and what is done and to come with it. */
function drawNow() {
  const [low, high] = [Math.min(drawn.now, view.row), Math.max(drawn.now, view.row)];
  const moveFocus = body.contains(document.activeElement);
  rowButton(drawn.now).tabIndex = -1;
  drawn.rows[drawn.now].removeAttribute("aria-current");
  for (let row = low; row < drawn.rows.length && row <= high; row++) {
    drawn.rows[row].className = row < view.row ? "done" : row === view.row ? "now" : "next";
  }
  drawn.now = view.row;
  drawn.rows[view.row].setAttribute("aria-current", "step");
  rowButton(view.row).tabIndex = 0;
  if (moveFocus) rowButton(view.row).focus({ preventScroll: true });
}

/** Marks the rows that the failure is about, and says how the run ends once its last row is reached. */
function drawEnd() {
  const end = shownRun().end;
  for (const mark of body.querySelectorAll(".why")) mark.remove();
  for (const { step, text } of (!view.game || atEnd()) && end ? end.rows : []) {
    drawn.rows[step + 1]?.querySelector(".full")?.append(" ", span("why", `◀ ${text}`));
  }
  byId("verdict").hidden = !atEnd();
  byId("verdict").className = end ? "bad" : "";
  byId("verdict-kind").textContent = end ? capital(end.kind) : "This run ends well";
  byId("verdict-message").textContent = end ? end.message : "Every thread has done its work, and no check fails.";
  byId("verdict-cause").textContent = end?.cause ? `Usually: ${end.cause}` : "";
}

/** A card for each object that ever has a state; its labels stand in the order in which they first come. */
const cards = [...new Set(data.deltas.flat().map(([object]) => object))]
  .sort((a, b) => a - b)
  .map((object) => {
    const { name, kind } = data.objects[object];
    /** @type {Map<string, HTMLElement>} */
    const values = new Map();
    const list = make("dl", {});
    for (const [changed, label] of data.deltas.flat()) {
      if (changed !== object || values.has(label)) continue;
      values.set(label, make("dd", { class: "muted" }, "–"));
      list.append(make("dt", {}, label), values.get(label) ?? "");
    }
    const title = make("h3", {}, `${name} `, span("muted", kind));
    const card = make("section", { class: "card", "aria-label": `${name}, ${kind}` }, title, list);
    byId("state").append(card);
    return { object, card, values, shown: new Map() };
  });

/** The state after the current row. */
function drawState() {
  const state = stateAt(view.run, view.row);
  const last = view.row > 0 ? data.deltas[shownRun().delta[view.row - 1]] : [];
  for (const { object, card, values, shown } of cards) {
    card.className = last.some(([changed]) => changed === object) ? "card changed" : "card";
    for (const [label, value] of values) {
      const text = state.get(`${object} ${label}`) ?? null;
      const fresh = last.some(([changed, which]) => changed === object && which === label);
      value.className = text === null ? "muted" : fresh ? "new" : "";
      if (shown.get(label) === text) continue;
      shown.set(label, text);
      value.replaceChildren(...(text === null ? ["–"] : withBadges(text)));
    }
  }
}

/** The runs that Next and Previous go through. */
const wanted = () => (control("fails").checked ? root.runs.filter((run) => runs[run].end) : root.runs);

function drawSummary() {
  const { end, steps, switches } = shownRun();
  const summary = byId("summary");
  summary.hidden = view.game !== null;
  const parts = [`, with ${counted(switches, "forced switch")}.`];
  if (view.before !== view.run) {
    const other = runs[view.before].steps;
    const row = steps.findIndex((op, at) => op !== other[at]);
    parts.push(` It parts from run ${view.before + 1} at row ${row + 1}.`);
  }
  const result = end ? span("bad", `fails: ${end.kind}`) : "ends well";
  summary.replaceChildren(`Run ${view.run + 1} `, result, parts.join(""));
}

/** Draws all that depends on the run and the row. @param {string} [first] what to say before the step is spoken */
function draw(first = "") {
  const steps = shownRun().steps;
  drawRows(view.game ? steps.slice(0, view.row) : steps);
  drawNow();
  drawEnd();
  drawSources();
  drawState();
  drawSummary();
  control("run").value = String(view.run + 1);
  control("row").value = String(view.row);
  control("row").max = byId("row-count").textContent = String(steps.length);
  for (const id of ["first", "back"]) control(id).disabled = view.row === 0;
  for (const id of ["last", "step", "play"]) control(id).disabled = atEnd();
  control("run-back").disabled = !wanted().some((run) => run < view.run);
  control("run-next").disabled = !wanted().some((run) => run > view.run);
  const pane = byId("scroll");
  if (atEnd()) pane.scrollTop = Math.min(pane.scrollHeight, byId("verdict").offsetTop);
  else reveal(pane, drawn.rows[view.row]);
  if (view.game) drawGame();
  say(first);
  noteAddress();
}

/** Speaks the step, and the end. @param {string} first */
function say(first) {
  const { steps, end } = shownRun();
  const step = view.row === 0 ? "Start." : `Row ${view.row}: ${spoken(ops[steps[view.row - 1]])}.`;
  const failure = end ? `The run fails: ${end.kind}. ${end.message}. ${end.cause ?? ""}` : "The run ends well.";
  const last = atEnd() ? failure : "";
  byId("live").textContent = [first, view.game ? talk.text : "", step, last].filter(Boolean).join(" ");
}

// ---- The address ----

let timer = 0;

/** Writes the position into the address, when the reader rests: browsers refuse a page that writes it often. */
function noteAddress() {
  clearTimeout(timer);
  timer = window.setTimeout(() => history.replaceState(null, "", address()), 300);
}

const address = () => `#run=${view.run + 1}&row=${view.row}${view.game ? "&play" : ""}`;

/** Goes where the address says. */
function readAddress() {
  if (location.hash === address() || location.hash === "") return;
  const asked = new URLSearchParams(location.hash.slice(1));
  view.game = null;
  goTo(asked.has("run") ? Number(asked.get("run")) - 1 : view.run, Number(asked.get("row") ?? 0));
  setGame(asked.has("play"));
}

// ---- Stepping ----

let playing = 0;

/** @param {boolean} on */
function setPlaying(on) {
  clearInterval(playing);
  playing = on ? window.setInterval(() => (atEnd() ? setPlaying(false) : goTo(view.run, view.row + 1)), 700) : 0;
  byId("play").textContent = on ? "Pause" : "Play";
}

/** Shows a row of a run; what is out of bounds is the nearest that there is. @param {number} run @param {number} row */
function goTo(run, row) {
  /** @param {number} value @param {number} most */
  const within = (value, most) => Math.max(0, Math.min(most, Math.trunc(value) || 0));
  const before = view.run;
  view.run = within(run, runs.length - 1);
  if (before !== view.run) view.before = before;
  view.row = within(row, shownRun().steps.length);
  const { end } = shownRun();
  draw(before === view.run ? "" : `Run ${view.run + 1}${end ? `, fails: ${end.kind}` : ""}.`);
}

/** As `goTo`, by the reader's hand, which stops the playing. @param {number} run @param {number} row */
function jump(run, row) {
  setPlaying(false);
  if (!view.game) goTo(run, row);
}

/** @param {-1 | 1} way */
function otherRun(way) {
  const list = wanted();
  const next = way > 0 ? list.find((run) => run > view.run) : list.findLast((run) => run < view.run);
  if (next !== undefined) jump(next, view.row);
}

function filter() {
  if (control("fails").checked && !shownRun().end) otherRun(wanted().some((run) => run > view.run) ? 1 : -1);
  draw();
}

/** The run to show first: one that fails with the fewest switches, if any fails. */
const simplest = runs.findIndex(({ end, switches }) => end && switches === data.fewestSwitches);

// ---- Be the scheduler ----

/** What the game says about the last choice, the order that it offers instead, and the thread whose step has several
 * outcomes to choose from. @type {{ text: string, offer: number[] | null, choosing: number | null }} */
const talk = { text: "", offer: null, choosing: null };

/** @param {number} thread @param {() => void} action @param {...(Node | string)} children */
function choice(thread, action, ...children) {
  const button = make("button", { type: "button", class: colourOf(thread) }, ...children);
  button.addEventListener("click", action);
  return button;
}

const threadButtons = threads.map((name, thread) => {
  const then = span("then");
  const button = choice(thread, () => pick(thread), badge(thread), span("", name), then);
  byId("threads").append(button);
  return { button, then };
});

/** @param {string} text @param {number[] | null} [offer] */
function tell(text, offer = null) {
  Object.assign(talk, { text, offer, choosing: null });
}

/** @param {boolean} on */
function setGame(on) {
  setPlaying(false);
  tell("Pick the thread that takes the next step, and the next, until the run fails.");
  view.game = on ? [settle(forkAt(shownRun().steps.slice(0, view.row)))] : null;
  document.body.classList.toggle("game", on);
  for (const group of document.querySelectorAll(".browse")) /** @type {HTMLElement} */ (group).hidden = on;
  byId("panel").hidden = !on;
  byId("game").textContent = on ? "Leave the game" : "Be the scheduler";
  on ? stand() : draw();
  if (on && endOf(here()) === undefined) threadButtons[0].button.focus({ preventScroll: true });
}

const here = () => view.game?.at(-1) ?? root;

/** Shows the place where the game stands. @param {string} [first] what to say before the step */
function stand(first) {
  const fork = here();
  view.run = view.before = endOf(fork) ?? fork.runs[0];
  view.row = fork.depth;
  draw(first);
}

/** @param {Fork} fork */
function move(fork) {
  view.game?.push(settle(fork));
  tell("");
  stand();
}

/** The reader picks the thread that goes on. @param {number} thread */
function pick(thread) {
  if (endOf(here()) !== undefined) return;
  const moves = movesOf(here(), thread);
  if (moves.length === 1) return move(moves[0]);
  if (moves.length === 0) explain(thread);
  else {
    tell(`${capital(threads[thread])} may go on in ${moves.length} ways: choose the outcome.`);
    talk.choosing = thread;
  }
  stand();
  if (moves.length > 1) /** @type {HTMLElement | null} */ (byId("values").querySelector("button"))?.focus();
}

/** Says why `thread` has no step here. @param {number} thread */
function explain(thread) {
  const fork = here();
  const name = capital(threads[thread]);
  const why = hindrance(fork, thread);
  if (why) return tell(`${name} cannot go on here: it ${why}.`);
  const same = equivalent(fork, thread);
  if (same) return tell(sameness(same), same.steps);
  const next = nextOf(fork, thread);
  if (next === null) return tell(`${name} takes no more steps in the explored runs from here.`);
  const rest = data.cut === null ? ", and none has to: the search is complete without it." : `. ${data.cut}`;
  tell(`No explored run goes this way${rest}`);
}

/** @param {NonNullable<ReturnType<typeof sameOrder>>} same */
function sameness({ run, step, first, later }) {
  const mine = ops[step];
  const partner = first[0] ?? later[0];
  const same = `This order is the same as run ${run + 1}'s`;
  if (partner === undefined) return `${same}, in which steps that do not depend on each other have changed places.`;
  const other = ops[partner];
  const shared = mine.touches.find(([object]) => other.touches.some(([touched]) => touched === object));
  const reason = shared ? `both only read ${data.objects[shared[0]].name}` : "they touch different things";
  const more = first.length > 1 ? ` (and ${counted(first.length - 1, "more step")})` : "";
  const place = first.length > 0 ? "after" : "before";
  return (
    `${same}, in which ${threads[mine.thread]}'s “${mine.text}” comes ${place} ` +
    `${threads[other.thread]}'s “${other.text}”${more}: these two steps do not depend on each other, as ${reason}.`
  );
}

const goOffered = () => talk.offer && move(forkAt(talk.offer));
const again = () => move(root);

function undo() {
  if (talk.choosing === null && view.game) {
    const { parent } = here();
    view.game.pop();
    if (view.game.length === 0) view.game.push(parent ?? root);
  }
  tell("");
  stand("Undone.");
}

function hint() {
  const { runs: from } = here();
  const failing = from.filter((run) => runs[run].end).length;
  const share = `of ${counted(from.length, "explored run")} from here, ${failing} end in a failure.`;
  tell(failing ? `Yes: ${share}` : "No explored run fails from here. Undo a step, and try again.");
  stand();
}

function drawGame() {
  const fork = here();
  const over = endOf(fork) !== undefined;
  const end = shownRun().end;
  const switches = over ? shownRun().switches : switchesTo(fork);
  const fewest = data.fewestSwitches;
  const title = !over ? "Who goes next?" : end ? "You have reached the failure" : "This run ends well";
  byId("panel-title").textContent = title;
  const goal = fewest === null ? "no explored run fails" : `the failure takes ${fewest || "none"}`;
  byId("score").textContent = `${counted(switches, "forced switch")}${over ? "" : " so far"}; ${goal}`;
  if (over && end) {
    const record = switches > (fewest ?? 0) ? `It can be done with ${fewest}.` : "No explored run fails with fewer.";
    talk.text = `${capital(end.kind)}, with ${counted(switches, "forced switch")}. ${record}`;
  } else if (over && !talk.text) talk.text = "Nothing failed. Undo, or start over.";
  threadButtons.forEach(({ button, then }, thread) => {
    const moves = over ? [] : movesOf(fork, thread);
    const next = over ? null : (moves[0]?.op ?? nextOf(fork, thread));
    const op = next === null ? { text: over ? "the run is over" : "no more steps", note: null } : ops[next];
    const text = span("op", moves.length > 1 ? op.text : outcome(op));
    const outcomes = moves.length > 1 ? `${moves.length} outcomes ` : "";
    const place = span("place", next === null ? "" : placeOf(ops[next]));
    button.setAttribute("aria-disabled", String(moves.length === 0));
    button.setAttribute("aria-pressed", String(talk.choosing === thread));
    then.replaceChildren(text, " ", outcomes, place);
  });
  drawValues(fork);
  byId("said").hidden = talk.text === "";
  byId("said-text").textContent = talk.text;
  byId("go").hidden = talk.offer === null;
  control("undo").disabled = fork.depth === 0 && talk.choosing === null;
}

/** @param {Fork} fork */
function drawValues(fork) {
  const thread = talk.choosing;
  byId("values").hidden = thread === null;
  const made = (thread === null ? [] : movesOf(fork, thread)).map(({ op }, index) => {
    const text = span("", span("op", ops[op].text), " ", ops[op].note ?? "");
    return choice(ops[op].thread, () => choose(index), make("kbd", {}, String(index + 1)), text);
  });
  byId("values").replaceChildren(...made);
}

/** The reader picks one of a step's outcomes. @param {number} index */
function choose(index) {
  const thread = /** @type {number} */ (talk.choosing);
  const child = movesOf(here(), thread)[index];
  if (!child) return;
  move(child);
  threadButtons[thread].button.focus({ preventScroll: true });
}

// ---- Keys ----

const showKeys = () => /** @type {HTMLDialogElement} */ (byId("keys")).showModal();

/** The commands: keys, where they work (b while browsing, g in the game), what they do, and the button that does the
 * same. @type {[string[], string, string, () => void, string?][]} */
const COMMANDS = [
  [["ArrowRight", "j"], "b", "step", () => jump(view.run, view.row + 1), "step"],
  [["ArrowLeft", "k"], "b", "back", () => jump(view.run, view.row - 1), "back"],
  [[" "], "b", "play and pause", () => setPlaying(!playing && !atEnd()), "play"],
  [["Home"], "b", "to the start", () => jump(view.run, 0), "first"],
  [["End"], "b", "to the end", () => jump(view.run, shownRun().steps.length), "last"],
  [["n"], "b", "next run", () => otherRun(1), "run-next"],
  [["p"], "b", "previous run", () => otherRun(-1), "run-back"],
  [["f"], "b", "only the runs that fail, or all", () => control("fails").click()],
  [["g"], "b", "go to a row: type its number", () => control("row").select()],
  [["r"], "b", "go to a run: type its number", () => control("run").select()],
  [["s"], "bg", "be the scheduler, from here; leave the game", () => setGame(!view.game), "game"],
  [["u", "Backspace", "ArrowLeft"], "g", "undo", undo, "undo"],
  [["y"], "g", "go the way that is offered", goOffered, "go"],
  [["r"], "g", "start over", again, "again"],
  [["h"], "g", "am I on the way to the failure?", hint, "hint"],
  [["Escape"], "g", "take the choice back; leave the game", () => (talk.choosing === null ? setGame(false) : undo())],
  [["?"], "bg", "show the keys", showKeys, "help"],
];

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog")) return;
  if (target instanceof HTMLInputElement && target.type === "number") {
    if (event.key === "Escape" || event.key === "Enter") target.blur();
    return;
  }
  if (event.key === " " && target.matches("button, input")) return;
  const inRows = byId("scroll").contains(target);
  const arrow = inRows && !view.game ? { ArrowDown: "ArrowRight", ArrowUp: "ArrowLeft" }[event.key] : undefined;
  const key = arrow ?? event.key;
  if (view.game && key >= "1" && key <= "9") {
    if (talk.choosing !== null) choose(Number(key) - 1);
    else if (Number(key) <= threads.length) pick(Number(key) - 1);
    return event.preventDefault();
  }
  const found = COMMANDS.find(([keys, where]) => keys.includes(key) && where.includes(view.game ? "g" : "b"));
  if (!found) return;
  event.preventDefault();
  found[3]();
}

/** @param {string} title @param {string} where @param {string[]} more @param {string} what */
function drawKeys(title, where, more, what) {
  const names = /** @type {Record<string, string>} */ ({
    ArrowRight: "→",
    ArrowLeft: "←",
    " ": "Space",
    Escape: "Esc",
  });
  byId("keys-list").append(make("tr", {}, make("th", { colspan: "2", scope: "rowgroup" }, title)));
  for (const [keys, place, text] of [/** @type {const} */ ([more, where, what]), ...COMMANDS]) {
    const shown = keys.flatMap((key) => [make("kbd", {}, names[key] ?? key), " "]);
    if (place.includes(where)) byId("keys-list").append(make("tr", {}, make("td", {}, ...shown), make("td", {}, text)));
  }
}

// ---- The start ----

byId("title").append(data.lesson, span("muted", ` · ${data.test} · ${data.code}`));
byId("about").textContent = data.about ?? "";
const which = data.model.of > 1 ? `Model ${data.model.number} of the ${data.model.of} that the test runs.` : "";
byId("coverage").textContent = [data.coverage, data.cut, which].filter(Boolean).join(" ");
byId("run-count").textContent = control("run").max = String(runs.length);
byId("fails-label").textContent = data.failing ? `only failing (${data.failing})` : "none fails";
control("fails").disabled = data.failing === 0;

const head = make("tr", { role: "row" }, make("th", { role: "columnheader", class: "corner" }, "Row"));
head.append(...threads.map((name, thread) => make("th", { role: "columnheader" }, badge(thread), name)));
byId("rows").querySelector("thead")?.append(head);
drawn.rows.push(makeRow(0));
body.append(drawn.rows[0]);
drawKeys("Looking at the runs", "b", ["↑", "↓"], "back and step, when the rows have the focus");
drawKeys("Being the scheduler", "g", ["1–9"], "the thread that goes next, or the outcome of its step");

for (const [[key], , , action, button] of COMMANDS) {
  if (!button) continue;
  byId(button).addEventListener("click", action);
  byId(button).setAttribute("aria-keyshortcuts", key === " " ? "Space" : key);
}
control("fails").addEventListener("change", filter);
control("run").addEventListener("change", () => jump(control("run").valueAsNumber - 1, view.row));
control("row").addEventListener("change", () => jump(view.run, control("row").valueAsNumber));
body.addEventListener("click", (event) => {
  const row = /** @type {Element} */ (event.target).closest("tr");
  if (row) jump(view.run, drawn.rows.indexOf(row));
});
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", readAddress);

view.run = view.before = Math.max(0, simplest);
draw();
readAddress();

export {};
