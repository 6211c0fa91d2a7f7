//! What stands below the rows: who holds what, who sleeps where, what can be read, and how that changes.

use super::tables::{Change, Tables};
use harness_report::instant::Instant;
use harness_report::reading::{Reading, contents, show, shown};
use harness_report::record::channel::{Side, Traffic, What};
use harness_report::record::{Data, Effect, Event, ObjectId, Sight, ThreadId};
use std::collections::{BTreeMap, HashMap};

/// Where a thread sleeps: with an object, or in `park`.
type Bed = Option<ObjectIndex>;

type ObjectIndex = usize;

/// The state after some events of an interleaving.
pub(super) struct State<'a> {
    reading: &'a Reading,
    said: BTreeMap<(usize, String), String>,
    /// What was said before, where that has changed since the last call of [`changes`](Self::changes).
    before: BTreeMap<(usize, String), Option<String>>,
    holders: HashMap<ObjectIndex, Vec<ThreadId>>,
    waiting: HashMap<ObjectIndex, Vec<ThreadId>>,
    sleeping: Vec<(ThreadId, Bed)>,
    clocks: HashMap<ObjectIndex, Instant>,
}

impl<'a> State<'a> {
    pub(super) fn new(reading: &'a Reading) -> Self {
        Self {
            reading,
            said: BTreeMap::new(),
            before: BTreeMap::new(),
            holders: HashMap::new(),
            waiting: HashMap::new(),
            sleeping: Vec::new(),
            clocks: HashMap::new(),
        }
    }

    /// What has changed since the last call.
    pub(super) fn changes(&mut self) -> Vec<Change> {
        let before = std::mem::take(&mut self.before);
        let changed = before.into_iter().filter_map(|(key, before)| {
            let now = self.said.get(&key).cloned();
            (now != before).then_some((key.0, key.1, now))
        });
        changed.collect()
    }

    /// The event `number` happens.
    pub(super) fn apply(&mut self, tables: &mut Tables, number: usize) {
        let event = &self.reading.log.events[number];
        let me = event.thread;
        if let Some(lock) = event.unlocks() {
            let holders = self.holders.entry(lock.index()).or_default();
            if let Some(mine) = holders.iter().position(|&holder| holder == me) {
                holders.remove(mine);
            }
            if let Some(Data::Shown { after, .. }) = event.data {
                let text = shown(&self.reading.log, after);
                self.say(tables, lock, "value", Some(text));
            }
            self.say_holders(tables, lock);
        }
        if let Some(lock) = event.locks() {
            self.holders.entry(lock.index()).or_default().push(me);
            self.waiting.entry(lock.index()).or_default().retain(|&other| other != me);
            self.say_holders(tables, lock);
            if let Some(before) = self.found(event, number) {
                self.say(tables, lock, "value", Some(before));
            }
            self.say_of_thread(tables, me, None);
        }
        let names = &self.reading.names;
        let thread = |thread: ThreadId| self.reading.log.threads[thread].name.clone();
        match (&event.effect, event.object) {
            (Effect::LockWaits { .. }, Some(lock)) => {
                let waiting = self.waiting.entry(lock.index()).or_default();
                waiting.retain(|&other| other != me);
                waiting.push(me);
                self.say_holders(tables, lock);
                let text = format!("waits for {}", names.of(lock));
                self.say_of_thread(tables, me, Some(text));
            }
            (Effect::Sleeps { name, .. }, object) => {
                self.falls_asleep(tables, me, object, name);
            }
            (Effect::Wakes { .. }, _) => self.wakes(tables, &[me]),
            (Effect::Notify { woken, .. } | Effect::Advance { woken, .. }, object) => {
                if let (Effect::Advance { by, .. }, Some(clock)) = (&event.effect, object) {
                    let now = self.clocks.entry(clock.index()).or_default();
                    *now = *now + *by;
                    let now = now.to_string();
                    self.say(tables, clock, "shows", Some(now));
                }
                self.wakes(tables, woken);
            }
            (Effect::Unpark(woken), _) => self.wakes(tables, &[*woken]),
            (Effect::Now(now), Some(clock)) => {
                self.clocks.insert(clock.index(), *now);
                self.say(tables, clock, "shows", Some(now.to_string()));
            }
            (Effect::Channel(traffic), Some(channel)) => {
                self.channel(tables, me, channel, traffic);
            }
            (Effect::Write, Some(cell)) => {
                let writer = thread(me);
                self.say(tables, cell, "last written by", Some(writer));
            }
            (Effect::Count { count, .. }, Some(arc)) => {
                let left = (*count > 0).then(|| count.to_string());
                self.say(tables, arc, "references", left);
            }
            (Effect::WeakCount { count, .. }, Some(arc)) => {
                let left = (*count > 0).then(|| count.to_string());
                self.say(tables, arc, "weak references", left);
            }
            (Effect::Dropped, Some(object)) => {
                let dropper = thread(me);
                self.say(tables, object, "dropped by", Some(dropper));
            }
            (Effect::JoinWaits(target), _) => {
                let text = format!("waits for {} to end", thread(*target));
                self.say_of_thread(tables, me, Some(text));
            }
            (Effect::Join(_), _) => self.say_of_thread(tables, me, None),
            (Effect::Returns, _) => {
                self.say_of_thread(tables, me, Some("has returned".to_owned()));
            }
            (Effect::Panics(_), _) => {
                self.say_of_thread(tables, me, Some("panics".to_owned()));
            }
            _ => {}
        }
    }

    /// What can be read of the atomics now. `ended` says which threads read no more.
    pub(super) fn see(
        &mut self,
        tables: &mut Tables,
        atomics: &[Sight],
        ended: impl Fn(ThreadId) -> bool,
    ) {
        let log = &self.reading.log;
        for sight in atomics {
            let Some((id, _)) = log.objects().nth(sight.object) else { continue };
            let newest = show(log, sight.newest);
            for (thread, values) in &sight.seen {
                let values: Vec<_> = values.iter().map(|&value| show(log, value)).collect();
                let label = format!("{} may see", log.threads[*thread].name);
                let may_choose = !ended(*thread) && values != [newest.clone()];
                self.say(tables, id, &label, may_choose.then(|| values.join(", ")));
            }
            self.say(tables, id, "value", Some(newest));
        }
    }

    /// The data behind the lock that this event takes, as its thread will say when it gives the lock back.
    fn found(&self, event: &Event, number: usize) -> Option<String> {
        let log = &self.reading.log;
        let lock = event.locks()?;
        let later = log.events[number..].iter();
        let unlock = later
            .filter(|other| other.thread == event.thread)
            .find(|other| other.unlocks() == Some(lock))?;
        match unlock.data {
            Some(Data::Shown { before, .. }) => Some(shown(log, before)),
            _ => None,
        }
    }

    fn channel(&mut self, tables: &mut Tables, me: ThreadId, channel: ObjectId, traffic: &Traffic) {
        let log = &self.reading.log;
        if traffic.buffer.capacity != Some(0) {
            let text = contents(log, &traffic.buffer);
            let text = text.strip_prefix("buffer ").map_or(text.clone(), str::to_owned);
            self.say(tables, channel, "buffer", Some(text));
        }
        match &traffic.what {
            What::Sends { to: Some(woken), .. } | What::Receives { woken: Some(woken), .. } => {
                self.wakes(tables, &[*woken]);
            }
            What::Sleeps { .. } => self.falls_asleep(tables, me, Some(channel), traffic.name),
            What::IsSent { .. } | What::HasReceived { .. } | What::Fails { slept: true, .. } => {
                self.wakes(tables, &[me]);
            }
            What::Cloned { side, left } => self.handles(tables, channel, *side, *left),
            What::Dropped { side, left, woken, .. } => {
                self.handles(tables, channel, *side, *left);
                self.wakes(tables, woken);
            }
            _ => {}
        }
    }

    fn handles(&mut self, tables: &mut Tables, channel: ObjectId, side: Side, left: usize) {
        let label = match side {
            Side::Sender => "senders",
            Side::Receiver => "receivers",
        };
        self.say(tables, channel, label, Some(left.to_string()));
    }

    fn falls_asleep(
        &mut self,
        tables: &mut Tables,
        me: ThreadId,
        object: Option<ObjectId>,
        name: &str,
    ) {
        self.sleeping.push((me, object.map(ObjectId::index)));
        let what = match object {
            Some(id) => format!("sleeps in {}.{name}", self.reading.names.of(id)),
            None => format!("sleeps in {name}"),
        };
        self.say_of_thread(tables, me, Some(what));
        self.say_sleepers(tables, object);
    }

    fn wakes(&mut self, tables: &mut Tables, woken: &[ThreadId]) {
        let beds: Vec<_> =
            self.sleeping.iter().filter(|(who, _)| woken.contains(who)).copied().collect();
        self.sleeping.retain(|(thread, _)| !woken.contains(thread));
        for (thread, bed) in beds {
            self.say_of_thread(tables, thread, None);
            let object = bed.and_then(|index| self.reading.log.objects().nth(index));
            self.say_sleepers(tables, object.map(|(id, _)| id));
        }
    }

    fn say_sleepers(&mut self, tables: &mut Tables, object: Option<ObjectId>) {
        let Some(id) = object else { return };
        let here = self.sleeping.iter().filter(|(_, bed)| *bed == Some(id.index()));
        let here: Vec<ThreadId> = here.map(|(thread, _)| *thread).collect();
        let text = self.all(&here);
        self.say(tables, id, "sleeping", text);
    }

    fn say_holders(&mut self, tables: &mut Tables, lock: ObjectId) {
        let of = |all: &HashMap<ObjectIndex, Vec<ThreadId>>| {
            self.all(all.get(&lock.index()).map_or(&[][..], Vec::as_slice))
        };
        let (held, waits) = (of(&self.holders), of(&self.waiting));
        self.say(tables, lock, "held by", held);
        self.say(tables, lock, "waits for it", waits);
    }

    /// The names of threads, if there are any.
    fn all(&self, threads: &[ThreadId]) -> Option<String> {
        let names = threads.iter().map(|&thread| self.reading.log.threads[thread].name.as_str());
        (!threads.is_empty()).then(|| names.collect::<Vec<_>>().join(", "))
    }

    fn say(&mut self, tables: &mut Tables, id: ObjectId, label: &str, text: Option<String>) {
        let object = tables.object(self.reading, id);
        self.set(object, label, text);
    }

    fn say_of_thread(&mut self, tables: &mut Tables, thread: ThreadId, text: Option<String>) {
        let object = tables.object_of_thread(self.reading, thread);
        self.set(object, "state", text);
    }

    fn set(&mut self, object: usize, label: &str, text: Option<String>) {
        let key = (object, label.to_owned());
        let before = match text {
            Some(text) => self.said.insert(key.clone(), text),
            None => self.said.remove(&key),
        };
        self.before.entry(key).or_insert(before);
    }
}
