//! The lesson's own tests, run against the reference.

extern crate {{name}}_solution as {{name}};

#[path = "../../../../exercises/{{place}}/tests/{{test}}.rs"]
mod {{test}};
