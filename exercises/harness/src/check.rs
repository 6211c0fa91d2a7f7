//! What a test calls: it explores a program and, if an interleaving fails, shows it.
//!
//! The top of the harness: brings together the search, the likely cause and the dry run, none of which knows of the
//! others.

use crate::explore::{Explored, Failed, Model};
use crate::runs;
use harness_base::page::{self, Page};
use harness_base::protocol::{Kind, dry_run_block, failure_line, success_line};
use harness_report::diagnosis;
use harness_report::dry_run::DryRun;
use harness_report::reading::Reading;
use std::panic::resume_unwind;
use std::sync::Arc;

/// Explores every interleaving of `program` and fails the test with a dry run if one of them fails.
///
/// # Panics
/// If an interleaving fails.
#[track_caller]
pub fn model(program: impl Fn() + Send + Sync + 'static) {
    Model::new().check(program);
}

/// Explores every interleaving of `program`.
///
/// # Errors
/// If an interleaving fails.
pub fn explore(program: impl Fn() + Send + Sync + 'static) -> Result<Explored, Failure> {
    Model::new().explore(program)
}

/// Why a model failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// In which way.
    pub kind: Kind,
    /// What went wrong, in a sentence or as the panic put it.
    pub message: String,
    /// The number of interleavings explored until one failed.
    pub interleavings: usize,
    /// The dry run: what a person reads, on the page of this process's environment.
    pub report: String,
    found: String,
    dry_run: Box<DryRun>,
}

impl Failure {
    fn new(failed: Failed, model: &Model) -> Self {
        let found_how = failed.sentence(model);
        let Failed { found, interleavings, ends_process, .. } = failed;
        let (kind, died) = (found.kind, found.ends_process());
        let reading = Reading::new(*found.log);
        let cause = diagnosis::likely_cause(&reading, kind);
        let dry_run = DryRun::of_failure(reading, kind, found.ending.as_ref(), cause);
        let mut failure = Self {
            kind,
            message: dry_run.message(),
            interleavings,
            report: String::new(),
            found: found_how,
            dry_run: Box::new(dry_run),
        };
        failure.report = failure.render(&Page::of_environment());
        if ends_process {
            failure.print();
            if died {
                eprintln!(
                    "A destructor panicked while a panic unwound: Rust ends the process for that."
                );
            }
            std::process::exit(101)
        }
        failure
    }

    fn print(&self) {
        eprintln!("{}\n\n{}", failure_line(self.kind), self.report);
    }

    /// The dry run on a page of another form.
    pub fn render(&self, page: &Page) -> String {
        self.dry_run.report(page, &self.found)
    }
}

impl Model {
    /// Explores, says on standard output how much that was, and fails the test with a dry run on standard
    /// error if an interleaving fails.
    ///
    /// # Panics
    /// If an interleaving fails.
    #[track_caller]
    pub fn check(mut self, program: impl Fn() + Send + Sync + 'static) {
        let shown = std::env::var(page::DRY_RUN).ok();
        self.wants_example = shown.is_some();
        let runs = std::env::var_os(page::RUNS);
        self.notes_steps = runs.is_some();
        let program = Arc::new(program);
        let again = Arc::clone(&program);
        let explored = self.explore_in_test(move || again());
        if let Some(path) = runs
            && let Err(error) = runs::write(&self, &program, explored.as_ref().err(), &path)
        {
            panic!("cannot write the interleavings to {}: {error}", path.display());
        }
        match explored {
            Ok(passed) => {
                println!("{}", success_line(&passed.explored.coverage));
                if let Some(log) = passed.example {
                    let mut page = Page::of_environment();
                    page.places = shown.as_deref() != Some(page::DRY_RUN_BARE);
                    let picture = DryRun::of_pass(Reading::new(*log)).picture(&page);
                    println!("{}", dry_run_block(&picture));
                }
            }
            Err(failed) => {
                let failure = Failure::new(failed, &self);
                failure.print();
                // No second banner: the report has said it all.
                resume_unwind(Box::new(failure.message));
            }
        }
    }

    /// Explores and returns what came of it.
    ///
    /// # Errors
    /// If an interleaving fails. The one reported is the simplest found that fails in the same way: with the fewest
    /// forced switches, though rather with one more than with a stale load.
    /// [`simplest_within`](Self::simplest_within) says how long the search for it may take.
    pub fn explore(self, program: impl Fn() + Send + Sync + 'static) -> Result<Explored, Failure> {
        match self.explore_with(program) {
            Ok(passed) => Ok(passed.explored),
            Err(failed) => Err(Failure::new(failed, &self)),
        }
    }
}
