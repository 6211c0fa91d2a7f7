//! What all interleavings have in common, each thing once and with a number: threads, objects, files, steps, changes.

use super::json;
use harness_report::place::{Place, tidy};
use harness_report::reading::{Reading, Sources};
use harness_report::record::{ObjectId, ThreadId};
use std::collections::HashMap;
use std::hash::Hash;

/// What changed in a step: of an object, what a label says now; `None` if nothing any more.
pub(super) type Change = (usize, String, Option<String>);

/// Things with numbers.
#[derive(Debug)]
pub(super) struct Table<T> {
    all: Vec<T>,
    numbers: HashMap<T, usize>,
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn new() -> Self {
        Self { all: Vec::new(), numbers: HashMap::new() }
    }

    /// The number of a thing, which it gets the first time, and whether that was now.
    pub(super) fn number(&mut self, thing: T) -> (usize, bool) {
        if let Some(&number) = self.numbers.get(&thing) {
            return (number, false);
        }
        self.all.push(thing.clone());
        self.numbers.insert(thing, self.all.len() - 1);
        (self.all.len() - 1, true)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter()
    }
}

/// A step of some interleavings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Op {
    pub(super) thread: usize,
    pub(super) text: String,
    pub(super) note: Option<String>,
    pub(super) at: Option<(usize, u32)>,
    pub(super) object: Option<usize>,
    /// The objects that it touches, and whether it writes them.
    pub(super) touches: Vec<(usize, bool)>,
    /// Whether no other thread comes between its thread's step before and this one.
    pub(super) together: bool,
}

impl Op {
    pub(super) fn json(&self) -> String {
        let touches = self.touches.iter().map(|(object, writes)| {
            let how = if *writes { "w" } else { "r" };
            json::array([object.to_string(), json::string(how)])
        });
        json::object(&[
            ("thread", self.thread.to_string()),
            ("text", json::string(&self.text)),
            ("note", json::or_null(self.note.as_deref().map(json::string))),
            ("source", json::or_null(self.at.map(|(file, _)| file.to_string()))),
            ("line", json::or_null(self.at.map(|(_, line)| line.to_string()))),
            ("object", json::or_null(self.object.map(|object| object.to_string()))),
            ("touches", json::array(touches)),
            ("together", self.together.to_string()),
        ])
    }
}

/// The tables.
#[derive(Debug)]
pub(super) struct Tables {
    /// A thread's name, and how many threads of the same name came before it in an interleaving.
    pub(super) threads: Table<(String, usize)>,
    /// An object's name and its kind.
    pub(super) objects: Table<(String, &'static str)>,
    /// The files that steps come from, as the compiler names them.
    pub(super) files: Table<&'static str>,
    pub(super) ops: Table<Op>,
    pub(super) deltas: Table<Vec<Change>>,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            threads: Table::new(),
            objects: Table::new(),
            files: Table::new(),
            ops: Table::new(),
            deltas: Table::new(),
        }
    }

    pub(super) fn thread(&mut self, reading: &Reading, thread: ThreadId) -> usize {
        let name = &reading.log.threads[thread].name;
        let before = reading.log.threads[..thread].iter().filter(|other| other.name == *name);
        self.threads.number((name.clone(), before.count())).0
    }

    pub(super) fn object(&mut self, reading: &Reading, id: ObjectId) -> usize {
        let kind = match reading.log.object(id).type_name {
            "Mutex" => "mutex",
            "RwLock" => "reader-writer lock",
            "Condvar" => "condition variable",
            "UnsafeCell" => "cell",
            "Arc" => "counted",
            "Clock" => "clock",
            "channel" => "channel",
            _ => "atomic",
        };
        self.objects.number((reading.names.of(id).to_owned(), kind)).0
    }

    /// The thread as something that steps touch, and that has a state.
    pub(super) fn object_of_thread(&mut self, reading: &Reading, thread: ThreadId) -> usize {
        let name = reading.log.threads[thread].name.clone();
        self.objects.number((name, "thread")).0
    }

    /// The one order of all operations that are sequentially consistent.
    pub(super) fn order(&mut self) -> usize {
        self.objects.number(("the order of SeqCst".to_owned(), "order")).0
    }

    /// The line of a place, if its file can be shown.
    pub(super) fn line(&mut self, sources: &Sources, place: Place) -> Option<(usize, u32)> {
        sources.file(place.file())?;
        Some((self.files.number(place.file()).0, place.line()))
    }

    /// The tables as fields of an object.
    pub(super) fn json(&self, sources: &Sources) -> Vec<(&'static str, String)> {
        let files = self.files.iter().map(|path| {
            let lines = sources.file(path).unwrap_or_default();
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            json::object(&[("path", json::string(&tidy(path))), ("text", json::string(&text))])
        });
        let threads = self.threads.iter().map(|(name, before)| match before {
            0 => json::string(name),
            _ => json::string(&format!("{name} ({})", before + 1)),
        });
        let objects = self.objects.iter().map(|(name, kind)| {
            json::object(&[("name", json::string(name)), ("kind", json::string(kind))])
        });
        let deltas = self.deltas.iter().map(|changes| {
            json::array(changes.iter().map(|(object, label, text)| {
                let text = json::or_null(text.as_deref().map(json::string));
                json::array([object.to_string(), json::string(label), text])
            }))
        });
        vec![
            ("sources", json::array(files)),
            ("threads", json::array(threads)),
            ("objects", json::array(objects)),
            ("ops", json::array(self.ops.iter().map(Op::json))),
            ("deltas", json::array(deltas)),
        ]
    }
}
