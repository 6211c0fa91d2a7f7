//! Choices that loom explores both ways.

use super::exploring;
use super::recorder::{self, over};
use harness_report::record::{Ending, ThreadId};
use loom::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Loom's own atomics, used as coins.
///
/// All that loom offers for a choice is the value of a load: it explores every store that the loading thread may
/// still see. So each store of the program, made by one thread, stores to a coin besides. As long as the coin's
/// store does not happen before a thread, and the thread has not read it, a load of the coin has two values, and loom
/// explores both. That is just as long as the thread may still read past the program's store: happens-before is the
/// same for loom and for [`memory`](super::memory), and a thread that has chosen the store, or a newer one, may not go
/// back. The two cannot come apart, because loom's happens-before never has more than ours: nothing in the facade
/// synchronises through loom's atomics.
///
/// Loom lets a thread reach only those atomics whose making happens before. Therefore main makes a supply of coins
/// when the interleaving begins.
///
/// Main's coins are others. After a thread has yielded, loom does not let it read once more a value that it has seen
/// and that has been replaced, and main, who made the coins, has seen them. But a read-modify-write may read any
/// store that comes last in some modification order. So main puts down a store of its own, which loom leaves unordered
/// with the other, and tries an exchange that fails.
#[derive(Debug, Default)]
pub(super) struct Coins {
    supply: Vec<AtomicU8>,
    used: usize,
    /// The most that an interleaving has used.
    most: usize,
}

/// What belongs to one store of the program.
#[derive(Debug)]
pub(super) struct Coin {
    number: usize,
    /// Main's, unless main stored.
    of_main: Option<usize>,
    /// Whether main has put down its own store.
    is_down: bool,
}

const OLDER: u8 = 1;
const STORED: u8 = 2;
const NEVER: u8 = 3;

impl Coins {
    /// Main makes as many coins as an interleaving has used so far, and `spare` more. Before the first nothing is known.
    pub(super) fn begin(&mut self, spare: usize) {
        self.most = self.most.max(self.used);
        self.used = 0;
        let enough = match self.most {
            0 => 8 * spare,
            most => most + spare,
        };
        self.supply.clear();
        self.supply.resize_with(enough, || AtomicU8::new(OLDER));
    }

    /// The coin of a store by `writer`. As part of a step that has begun.
    pub(super) fn strike(&mut self, writer: ThreadId) -> Coin {
        let mut next = || {
            let Some(coin) = self.supply.get(self.used) else {
                over(Ending::NeedsCoins);
            };
            coin.store(STORED, Relaxed);
            self.used += 1;
            self.used - 1
        };
        Coin { number: next(), of_main: (writer != 0).then(next), is_down: false }
    }

    /// Whether `me` goes on to the store of this coin, or stays before it. Loom explores both.
    pub(super) fn toss(&self, coin: &mut Coin, me: ThreadId) -> bool {
        // Not beyond the preemption bound.
        recorder::runs(me);
        exploring::chooses();
        if me != 0 {
            return self.supply[coin.number].load(Relaxed) == STORED;
        }
        let number = coin.of_main.expect("main knows its own stores");
        let supply = &self.supply[number];
        if !coin.is_down {
            coin.is_down = true;
            exploring::within_step(|| supply.store(OLDER, Relaxed));
        }
        supply.compare_exchange(NEVER, NEVER, Relaxed, Relaxed) == Err(STORED)
    }
}
