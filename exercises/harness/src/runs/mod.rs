//! Every interleaving that a model explored, written to a file: for a page on which a reader steps through them and chooses
//! which thread goes on. The runner asks for it by [`page::RUNS`](crate::page::RUNS), adds what it knows of the lesson, and
//! describes the format (`xtask/src/explore`).
//!
//! The model explores twice: once as ever, for the verdict, and once for this, in which an interleaving that fails does not
//! end the search.
//!
//! May use the search and what it stands on.

mod json;
mod state;
mod steps;
mod tables;
#[cfg(test)]
mod tests;

use crate::explore::{Failed, Model};
use harness_base::protocol::{Coverage, Extent, Kind};
use harness_base::text::{NO_BREAK, count, thousands};
use harness_report::diagnosis::likely_cause;
use harness_report::dry_run::what_went_wrong;
use harness_report::reading::{Reading, Sources, culprit, mentioned, rows, with_rows};
use harness_report::record::{Ending, Log, Told};
use state::State;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use steps::{Step, pending, steps};
use tables::Tables;

/// The most interleavings that are kept.
const MOST: usize = 5_000;

/// The most bytes that they may take.
const ROOM: usize = 4_800_000;

/// How many interleavings may wait to be read.
const WAITING: usize = 256;

/// Explores `program` once more and writes down all of it. `failed` is what the verdict shows, and comes first.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(
    model: &Model,
    program: &Arc<impl Fn() + Send + Sync + 'static>,
    failed: Option<&Failed>,
    path: &OsStr,
) -> io::Result<()> {
    static MODELS: AtomicUsize = AtomicUsize::new(1);
    // Each number is taken once, and nothing else goes by it.
    let number = MODELS.fetch_add(1, Ordering::Relaxed);
    let mut path = path.to_owned();
    path.push(format!(".{number}.json"));
    std::fs::write(path, record(model, program, failed).json())
}

fn record(
    model: &Model,
    program: &Arc<impl Fn() + Send + Sync + 'static>,
    failed: Option<&Failed>,
) -> Recording {
    let mut recording = Recording::beginning_with(failed);
    let hangs = failed.is_some_and(|failed| failed.ends_process || failed.found.is_hopeless());
    if hangs {
        recording.cut = Some("The search ends with the interleaving that is shown.".to_owned());
    } else {
        let (to, told) = mpsc::sync_channel(WAITING);
        let (model, program) = (model.clone(), Arc::clone(program));
        // It ends before this does, or has nothing to say any more.
        std::thread::spawn(move || model.tell(move || program(), to));
        for told in told {
            match told {
                Told::Anew => recording = Recording::beginning_with(failed),
                Told::Run { log, ending } => {
                    if !recording.add(*log, ending.as_ref().map(Some)) {
                        break;
                    }
                }
                Told::Over(coverage) => {
                    recording.is_over(coverage);
                    break;
                }
            }
        }
    }
    recording
}

/// What is written.
struct Recording {
    sources: Sources,
    tables: Tables,
    runs: Vec<Run>,
    seen: HashSet<Vec<usize>>,
    bytes: usize,
    /// How many the model explored.
    explored: usize,
    /// Why some are missing, if they are.
    cut: Option<String>,
}

struct Run {
    ops: Vec<usize>,
    deltas: Vec<usize>,
    /// The threads that could go on before each step: a bit for each.
    able: Vec<usize>,
    switches: usize,
    end: Option<End>,
}

/// How an interleaving fails.
struct End {
    kind: Kind,
    message: String,
    cause: Option<String>,
    /// The steps to look at, and what to see there.
    marks: BTreeMap<usize, String>,
}

impl Recording {
    fn beginning_with(failed: Option<&Failed>) -> Self {
        let mut recording = Self {
            sources: Sources::default(),
            tables: Tables::new(),
            runs: Vec::new(),
            seen: HashSet::new(),
            bytes: 0,
            explored: 0,
            cut: None,
        };
        if let Some(Failed { found, .. }) = failed {
            recording.add((*found.log).clone(), Some(found.ending.as_ref()));
        }
        recording
    }

    /// Takes in an interleaving, and how it failed if it did. Returns whether there is room for more.
    fn add(&mut self, log: Log, failure: Option<Option<&Ending>>) -> bool {
        let reading = Reading::with_sources(log, self.sources.clone());
        let kind = failure.map(|ending| reading.log.kind(ending));
        let end = match (kind, culprit(&reading.log)) {
            (Some(Kind::Panic), Some(panic)) => (panic.at + 1).min(reading.log.events.len()),
            _ => reading.log.events.len(),
        };
        let steps = steps(&reading, end);
        let mut run = self.read(&reading, &steps);
        if let Some((kind, ending)) = kind.zip(failure) {
            self.end(&reading, &steps, &mut run, kind, ending);
        }
        self.sources = reading.sources;
        if !self.seen.insert(run.ops.clone()) {
            return true;
        }
        self.bytes += run.json().len() + 1;
        self.runs.push(run);
        let why = if self.runs.len() >= MOST {
            "no page has more"
        } else if self.bytes >= ROOM {
            "they fill about 5 MB, and no page has more"
        } else {
            return true;
        };
        self.cut_short(why);
        false
    }

    fn cut_short(&mut self, why: &str) {
        let here = thousands(self.runs.len());
        self.cut = Some(format!(
            "The first {here} interleavings are here, beginning with the fewest forced switches: {why}."
        ));
    }

    fn read(&mut self, reading: &Reading, steps: &[Step<'_>]) -> Run {
        let mut run =
            Run { ops: Vec::new(), deltas: Vec::new(), able: Vec::new(), switches: 0, end: None };
        let mut state = State::new(reading);
        let mut begun = HashSet::new();
        for (number, step) in steps.iter().enumerate() {
            let is_first = begun.insert(step.thread) && step.thread != 0;
            let op = step.op(reading, &mut self.tables, is_first);
            for event in step.events.clone() {
                state.apply(&mut self.tables, event);
            }
            if let Some(atomics) = step.atomics {
                let ended = |thread| {
                    steps[..=number]
                        .iter()
                        .rfind(|step| step.thread == thread)
                        .is_some_and(|step| step.ends(reading))
                };
                state.see(&mut self.tables, atomics, ended);
            }
            self.push_op(&mut run, op);
            self.push_delta(&mut run, state.changes());
            let able = step.able();
            if let Some(before) = number.checked_sub(1).map(|before| &steps[before]) {
                let could_go_on = able.contains(&before.thread) && !before.yields(reading);
                run.switches += usize::from(before.thread != step.thread && could_go_on);
            }
            let able = able.into_iter().map(|thread| 1 << self.tables.thread(reading, thread));
            run.able.push(able.sum());
        }
        run
    }

    fn push_op(&mut self, run: &mut Run, op: tables::Op) {
        let (number, is_new) = self.tables.ops.number(op.clone());
        if is_new {
            self.bytes += op.json().len() + 1;
        }
        run.ops.push(number);
    }

    fn push_delta(&mut self, run: &mut Run, changes: Vec<tables::Change>) {
        // As JSON, about.
        let texts = changes.iter().map(|(_, label, text)| {
            label.len() + text.as_ref().map_or(4, |text| text.len() + 2) + 10
        });
        let bytes = texts.sum::<usize>() + 3;
        let (number, is_new) = self.tables.deltas.number(changes);
        if is_new {
            self.bytes += bytes;
        }
        run.deltas.push(number);
    }

    /// Says how an interleaving fails.
    fn end(
        &mut self,
        reading: &Reading,
        steps: &[Step<'_>],
        run: &mut Run,
        kind: Kind,
        ending: Option<&Ending>,
    ) {
        let lines = what_went_wrong(&reading.log, &reading.names, ending);
        let cause = likely_cause(reading, kind);
        let texts = lines.iter().chain(cause.iter().map(|cause| &cause.text));
        let told: Vec<usize> = texts.flat_map(|text| mentioned(text)).collect();
        let cause_marks = cause.as_ref().map_or(&[][..], |cause| &cause.marks);
        let rows = rows(&reading.log, &reading.names, Some(kind), cause_marks, &told);
        let step_of = |event: usize| steps.iter().position(|step| step.events.contains(&event));
        let mut marks: BTreeMap<usize, String> = BTreeMap::new();
        for row in &rows {
            let step = match row.event {
                Some(event) => step_of(event),
                None => {
                    let op = pending(reading, &mut self.tables, row);
                    self.push_op(run, op);
                    self.push_delta(run, Vec::new());
                    run.able.push(0);
                    Some(run.ops.len() - 1)
                }
            };
            for mark in &row.marks {
                let mark = mark.trim_start_matches(['<', '=', NO_BREAK]).replace(NO_BREAK, " ");
                let Some(step) = step else { continue };
                let all = marks.entry(step).or_default();
                if !all.is_empty() {
                    all.push_str("; ");
                }
                all.push_str(&mark);
            }
        }
        let say = |text: &str| {
            with_rows(text, |event| step_of(event).map(|step| step + 1)).replace(NO_BREAK, " ")
        };
        run.end = Some(End {
            kind,
            message: lines.iter().map(|line| say(line)).collect::<Vec<_>>().join("\n"),
            cause: cause.map(|cause| say(&cause.text)),
            marks,
        });
    }

    /// The search is over; it saw everything, or not.
    fn is_over(&mut self, coverage: Coverage) {
        self.explored = coverage.interleavings;
        match coverage.extent {
            Extent::All => {}
            Extent::OneOrder => {
                self.cut = Some("One order of the threads: the test asks for no other.".to_owned());
            }
            Extent::UpTo(bound) => {
                let most = count(bound, "preemption");
                self.cut = Some(format!(
                    "All interleavings with at most {most} are here: the test asks for no more."
                ));
            }
            Extent::Cut { .. } => self.cut_short("the time for the search was over"),
        }
    }

    fn coverage(&self) -> String {
        let here = match self.runs.len() {
            1 => "The only interleaving.".to_owned(),
            here => format!("All {} interleavings.", thousands(here)),
        };
        match &self.cut {
            Some(cut) => cut.clone(),
            None if self.explored <= self.runs.len() => here,
            None => format!(
                "{here} The model explored {}: some differ only in what no row shows.",
                thousands(self.explored)
            ),
        }
    }

    fn json(&self) -> String {
        let failing = self.runs.iter().filter(|run| run.end.is_some());
        let fewest = failing.clone().map(|run| run.switches).min();
        let mut fields = vec![
            ("coverage", json::string(&self.coverage())),
            ("cut", json::or_null(self.cut.as_deref().map(json::string))),
            ("failing", failing.count().to_string()),
            ("fewestSwitches", json::or_null(fewest.map(|fewest| fewest.to_string()))),
        ];
        fields.extend(self.tables.json(&self.sources));
        fields.push(("runs", json::array(self.runs.iter().map(Run::json))));
        json::object(&fields)
    }
}

impl Run {
    fn json(&self) -> String {
        let numbers = |all: &[usize]| json::array(all.iter().map(usize::to_string));
        json::object(&[
            ("steps", numbers(&self.ops)),
            ("delta", numbers(&self.deltas)),
            ("able", numbers(&self.able)),
            ("switches", self.switches.to_string()),
            ("end", json::or_null(self.end.as_ref().map(End::json))),
        ])
    }
}

impl End {
    fn json(&self) -> String {
        let rows = self.marks.iter().map(|(step, text)| {
            json::object(&[("step", step.to_string()), ("text", json::string(text))])
        });
        json::object(&[
            ("kind", json::string(&self.kind.to_string())),
            ("message", json::string(&self.message)),
            ("cause", json::or_null(self.cause.as_deref().map(json::string))),
            ("rows", json::array(rows)),
        ])
    }
}
