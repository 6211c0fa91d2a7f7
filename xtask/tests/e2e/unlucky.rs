//! What happens to people who have no luck.

use crate::fixture::Fixture;

/// A correct file, in words of the learner's own.
const MINE: &str = "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    (0..b).fold(a, |sum, _| sum + 1)\n}\n";

#[test]
fn a_renumbered_lesson_takes_the_learners_file_along() {
    for (stashed, reworded) in [(false, false), (true, false), (false, true), (true, true)] {
        let fixture = Fixture::new();
        let sum = fixture.lesson("01_basics/01_sum", "sum");
        let stub = fixture.read(&sum.stub());
        fixture.commit();
        fixture.git(&["checkout", "-q", "-b", "upstream"]);
        for part in ["exercises", "solutions"] {
            let moved = format!("{part}/01_basics/02_sum");
            fixture.git(&["mv", &format!("{part}/01_basics/01_sum"), &moved]);
        }
        let moved = "exercises/01_basics/02_sum/src/sum.rs";
        let first_line = if reworded {
            "//! More sums."
        } else {
            "//! Sums."
        };
        fixture.replace(moved, "//! Sums.", first_line);
        fixture.commit();
        fixture.git(&["checkout", "-q", "-"]);
        fixture.write(&sum.file(), MINE);
        if stashed {
            fixture.git(&["stash", "-q"]);
            fixture.git(&["merge", "-q", "upstream"]);
            fixture.git(&["stash", "pop", "-q"]);
        } else {
            fixture.commit();
            fixture.git(&["merge", "-q", "--no-edit", "upstream"]);
        }
        let how = format!("stashed: {stashed}, reworded: {reworded}");
        let merged = MINE.replace("//! Sums.", first_line);
        assert_eq!(fixture.read(moved), merged, "{how}");
        assert_eq!(fixture.read("solutions/01_basics/02_sum/stub.txt"), stub);
        assert_eq!(fixture.run(&["test", "sum"]).code, Some(0), "{how}");
    }
}
