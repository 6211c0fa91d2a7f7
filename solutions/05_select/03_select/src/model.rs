//! The select under the model checker, for the models of lessons that stand on this one.

use channels::model as channel;
use harness::sync::model as sync;

#[path = "select.rs"]
mod select;
pub use select::{select, select_until};
