//! Your list, the reference, and the first two designs of the notes, at the same work.
//!
//! `cargo bench -p context_values_solution`

use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/context_values.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/06_context/03_context_values/src/context_values.rs"]
mod yours;

harness::bench_main!("context_values.rs", || {
    let list = yours::Values::new().with(1_u32);
    list.clone().without::<u32>().get::<u32>().copied()
});

macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Values,
            reference = crate::reference::Values,
            map_cloned_for_each_child = crate::Map,
            two_allocations = crate::Boxed,
        );
    };
}

/// A request gets a value more, in front of four, and it is dropped.
mod derive_from_four {
    use super::*;
    fn run<V: List>(bencher: Bencher) {
        let list = numbered::<V>(four());
        bencher.bench_local(|| black_box(&list).with(Value::<99>(7)));
    }

    rows!(run(sample_size = 1_000));
}

/// The same in front of 16.
mod derive_from_16 {
    use super::*;
    fn run<V: List>(bencher: Bencher) {
        let list = numbered::<V>(sixteen());
        bencher.bench_local(|| black_box(&list).with(Value::<99>(7)));
    }

    rows!(run(sample_size = 1_000));
}

/// The oldest of four values is read.
mod get_of_four {
    use super::*;
    fn run<V: List>(bencher: Bencher) {
        let list = numbered::<V>(four());
        bencher.bench_local(|| black_box(&list).get::<0>());
    }

    rows!(run(sample_size = 10_000));
}

/// The oldest of 16.
mod get_of_16 {
    use super::*;
    fn run<V: List>(bencher: Bencher) {
        let list = numbered::<V>(sixteen());
        bencher.bench_local(|| black_box(&list).get::<0>());
    }

    rows!(run(sample_size = 10_000));
}

/// Two threads handle 20,000 requests each: a request derives four times from the server's list, each time
/// from what it has, and reads a value each time.
mod two_threads {
    use super::*;
    fn run<V: List>(bencher: Bencher) {
        bencher.bench_local(|| requests::<V>(2, 20_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Eight threads on whatever processors there are, 5,000 requests each.
mod eight_threads {
    use super::*;
    fn run<V: List>(bencher: Bencher) {
        bencher.bench_local(|| requests::<V>(8, 5_000));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

fn requests<V: List>(threads: usize, rounds: usize) {
    let server = numbered::<V>(four());
    harness::bench::together(threads, || {
        for _ in 0..rounds {
            let one = server.with(Value::<91>(1));
            let two = one.with(Value::<92>(2));
            let three = two.with(Value::<93>(3));
            let four = three.with(Value::<94>(4));
            black_box((
                four.get::<91>(),
                four.get::<92>(),
                four.get::<93>(),
                four.get::<94>(),
            ));
        }
    });
}

/// A type for each number.
struct Value<const N: usize>(u64);

/// What all of them can do.
trait List: Default + Send + Sync + 'static {
    fn with<const N: usize>(&self, value: Value<N>) -> Self;
    fn get<const N: usize>(&self) -> Option<u64>;
}

type Numbers<V> = &'static [fn(&V) -> V];

fn four<V: List>() -> Numbers<V> {
    &[put::<V, 0>, put::<V, 1>, put::<V, 2>, put::<V, 3>]
}

fn sixteen<V: List>() -> Numbers<V> {
    macro_rules! all {
        ($($n:literal)*) => { &[$(put::<V, $n>),*] };
    }
    all!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}

fn put<V: List, const N: usize>(list: &V) -> V {
    list.with(Value::<N>(7))
}

fn numbered<V: List>(values: Numbers<V>) -> V {
    values.iter().fold(V::default(), |list, put| put(&list))
}

macro_rules! lists {
    ($($room:ident),*) => {$(
        impl List for $room::Values {
            #[inline(always)]
            fn with<const N: usize>(&self, value: Value<N>) -> Self {
                self.with(value)
            }
            #[inline(always)]
            fn get<const N: usize>(&self) -> Option<u64> {
                self.get::<Value<N>>().map(|value| value.0)
            }
        }
    )*};
}

lists!(yours, reference);

/// The first design: a map for each child, with all that its parent had.
#[derive(Clone, Default)]
struct Map(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl List for Map {
    fn with<const N: usize>(&self, value: Value<N>) -> Self {
        let mut map = self.0.clone();
        map.insert(TypeId::of::<Value<N>>(), Arc::new(value));
        Self(map)
    }

    fn get<const N: usize>(&self) -> Option<u64> {
        let value = self.0.get(&TypeId::of::<Value<N>>())?;
        value.downcast_ref::<Value<N>>().map(|value| value.0)
    }
}

/// The second: a list, whose nodes have their values in boxes. Its drop is the one that comes of itself.
#[derive(Clone, Default)]
struct Boxed(Option<Arc<Node>>);

struct Node {
    key: TypeId,
    value: Box<dyn Any + Send + Sync>,
    older: Boxed,
}

impl List for Boxed {
    fn with<const N: usize>(&self, value: Value<N>) -> Self {
        Self(Some(Arc::new(Node {
            key: TypeId::of::<Value<N>>(),
            value: Box::new(value),
            older: self.clone(),
        })))
    }

    fn get<const N: usize>(&self) -> Option<u64> {
        let mut list = self;
        while let Some(node) = &list.0 {
            if node.key == TypeId::of::<Value<N>>() {
                return node.value.downcast_ref::<Value<N>>().map(|value| value.0);
            }
            list = &node.older;
        }
        None
    }
}
