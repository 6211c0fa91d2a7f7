//! The sum of a slice: by one thread, by two workers of yours and of the reference, and by rayon on a pool
//! of two. And a reduction whose `combine` does real work: products of 2 by 2 matrices, which do not
//! commute.
//!
//! One core adds up a thousand numbers faster than it spawns a thread, and the rows of yours and of the
//! reference show that; rayon only has to wake the threads that its pool keeps.

use divan::{Bencher, black_box};
use harness::sync::real as sync;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[path = "../src/parallel_sum.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/01_fundamentals/01_parallel_sum/src/parallel_sum.rs"]
mod yours;

const WORKERS: usize = 2;
const LENGTHS: [usize; 2] = [1_000, 4_000_000];
const MATRICES: usize = 200_000;

harness::bench_main!("parallel_sum.rs", || {
    (
        yours::sum(&[1, 2], WORKERS),
        yours::reduce(&[1, 2], WORKERS, |left, _| left),
    )
});

fn numbers(length: usize) -> Vec<u64> {
    (0..length as u64).collect()
}

fn pool() -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(WORKERS)
        .build()
        .expect("two threads can be spawned")
}

#[divan::bench_group]
mod sum {
    use super::*;

    #[divan::bench(args = LENGTHS)]
    fn yours(bencher: Bencher, length: usize) {
        let numbers = numbers(length);
        bencher.bench(|| super::yours::sum(black_box(&numbers), WORKERS));
    }

    #[divan::bench(args = LENGTHS)]
    fn reference(bencher: Bencher, length: usize) {
        let numbers = numbers(length);
        bencher.bench(|| super::reference::sum(black_box(&numbers), WORKERS));
    }

    #[divan::bench(args = LENGTHS)]
    fn sequential(bencher: Bencher, length: usize) {
        let numbers = numbers(length);
        bencher.bench(|| {
            black_box(&numbers)
                .iter()
                .copied()
                .fold(0, u64::wrapping_add)
        });
    }

    #[divan::bench(args = LENGTHS)]
    fn rayon(bencher: Bencher, length: usize) {
        let numbers = numbers(length);
        let pool = pool();
        bencher.bench(|| {
            pool.install(|| {
                black_box(&numbers)
                    .par_iter()
                    .copied()
                    .reduce(|| 0, u64::wrapping_add)
            })
        });
    }
}

type Matrix = [[u64; 2]; 2];

/// Modulo a prime, so there is a division for each of the four numbers.
fn product(a: Matrix, b: Matrix) -> Matrix {
    let cell = |i: usize, j: usize| (a[i][0] * b[0][j] + a[i][1] * b[1][j]) % 1_000_000_007;
    [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
}

fn matrices() -> Vec<Matrix> {
    (0..MATRICES as u64).map(|n| [[n, 1], [1, 0]]).collect()
}

#[divan::bench_group]
mod product_of_matrices {
    use super::*;

    #[divan::bench]
    fn yours(bencher: Bencher) {
        let matrices = matrices();
        bencher.bench(|| super::yours::reduce(black_box(&matrices), WORKERS, product));
    }

    #[divan::bench]
    fn reference(bencher: Bencher) {
        let matrices = matrices();
        bencher.bench(|| super::reference::reduce(black_box(&matrices), WORKERS, product));
    }

    #[divan::bench]
    fn sequential(bencher: Bencher) {
        let matrices = matrices();
        bencher.bench(|| black_box(&matrices).iter().copied().reduce(product));
    }

    #[divan::bench]
    fn rayon(bencher: Bencher) {
        let matrices = matrices();
        let pool = pool();
        bencher.bench(|| {
            pool.install(|| {
                black_box(&matrices)
                    .par_iter()
                    .copied()
                    .reduce_with(product)
            })
        });
    }
}
