//! The lesson's soak, run against the reference.

extern crate final_boss_solution as final_boss;

#[path = "../../../../exercises/08_pools/07_final_boss/examples/soak.rs"]
mod soak;

fn main() -> std::process::ExitCode {
    soak::main()
}
