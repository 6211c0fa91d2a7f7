//! To be written: which threads, values and memory must not stay behind.

use harness::leaks;

use runtime::Runtime;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn leaves_nothing_behind() {
    leaks::check(|| {
        let _made = Runtime::new();
    });
}
