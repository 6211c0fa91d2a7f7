//! One interleaving, from what is known of it to what a person reads: a crate of its own because it runs once for each
//! failure, so that it need not be optimised like the search, nor be built after the model checker. Only the harness uses it.
//!
//! # Rooms
//!
//! As in the harness: a module uses what stands below it, never what stands above or beside it.
//!
//! | Room | What it is |
//! |---|---|
//! | `dry_run`, `diagnosis` | the picture of an interleaving; the likely mistake |
//! | `reading` | an interleaving, read: names, source, the accesses it is about, its rows |
//! | `record` | plain data: what happened; nothing of loom |
//! | `place`, `instant` | places in the source; moments on a clock |
#![allow(
    missing_docs,
    rustdoc::private_intra_doc_links,
    reason = "its items are public for the harness alone, and private there to a reader of its docs"
)]

pub mod diagnosis;
pub mod dry_run;
pub mod instant;
pub mod place;
pub mod reading;
pub mod record;
