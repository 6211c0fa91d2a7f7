//! The reference solution of the lesson `{{name}}`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
#[expect(unused_imports, reason = "the reference is not written yet")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[expect(unused_imports, reason = "the reference is not written yet")]
use harness::sync::real as sync;

mod {{name}};
pub use {{name}}::{{Type}};

#[cfg(test)]
#[path = "../../../../exercises/{{place}}/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("{{name}}.rs");
