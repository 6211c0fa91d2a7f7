//! The learner's file beside the reference: the lines, the tests and the time.

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::{Fixture, Lesson};

/// A bench that measures nothing and prints what divan would have printed.
fn fake_bench(fixture: &Fixture, lesson: &Lesson<'_>) {
    let path = lesson.solution("benches/compare.rs");
    let bench = fixture.read(&path);
    let (wiring, _) = bench.split_once("fn main()").expect("a main");
    let main = r#"
fn row(branch: &str, name: &str, ns: u32) {
    println!("{branch} {name:<9}  {ns} ns │ {ns} ns │ {ns} ns │ {ns} ns │ 100 │ 100");
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let written = std::panic::catch_unwind(|| yours::add(1, 1)).is_ok();
    let _ = std::panic::take_hook();
    println!("compare       fastest │ slowest │ median │ mean │ samples │ iters");
    for (n, case) in ["small", "big"].into_iter().enumerate() {
        println!("├─ {case}  │ │ │ │ │");
        row("│  ├─", "reference", 20);
        row("│  ├─", "library", 50);
        if written {
            // Some mistakes show only in the second case.
            let sum = yours::add(n as u32, 1);
            row("│  ╰─", "yours", 25 + 0 * sum);
        }
    }
    let _ = reference::add(1, 1);
}
"#;
    fixture.write(&path, &format!("{wiring}{}", main.trim_start()));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

#[test]
fn a_reference_is_shown_unasked_only_after_the_lesson() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");

    // Nobody is there to be asked.
    let refused = fixture.run(&["compare"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("   cargo xtask compare sum --yes\n"), "{}", refused.stderr);
    let refused = fixture.run(&["compare", "sum", "--json"]);
    assert_eq!(refused.code, Some(1));
    let object = json(&refused.stdout);
    assert_eq!(object["version"], 1);
    assert_eq!(object["error"], "not-finished");

    // The stub. A learner who has seen the reference is not asked again.
    let stub = fixture.run(&["compare", "sum", "--yes"]);
    assert_eq!(stub.code, Some(0), "{}", stub.stderr);
    assert_snapshot!("compare_stub", stub.stdout);
    let again = fixture.run(&["compare", "sum"]);
    assert_eq!((again.code, again.stdout), (Some(0), stub.stdout));

    // What does not compile has a diff and the verdict on the reference.
    fixture.replace(&sum.file(), "todo!(\"add the two numbers\")", "a + c");
    let broken = fixture.run(&["compare", "sum"]);
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    assert_snapshot!("compare_not_built", broken.stdout);
    let object = json(&fixture.run(&["compare", "sum", "--json"]).stdout);
    let error = object["yours"]["error"].as_str().expect("an error");
    assert!(error.starts_with("cannot find value `c`"), "{error}");
    assert_eq!(object["reference"]["passes"], true);
}

#[test]
fn a_finished_lesson_is_compared_without_a_question() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fake_bench(&fixture, &sum);
    // A learner who has the reference in place has seen it.
    fixture.write(&sum.file(), &fixture.read(&sum.reference()));
    let same = fixture.run(&["compare"]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    assert_snapshot!("compare_same", same.stdout);

    // Its tests have not run before: they say that it is finished. The page is as wide as the terminal.
    fixture.replace(&sum.file(), "    a + b", "    let sum = b + a;\n    sum");
    let output =
        fixture.command(&["compare", "--bench"]).env("COLUMNS", "120").output().expect("started");
    let wide = String::from_utf8(output.stdout).expect("text");
    assert_snapshot!("compare_wide", wide);
    for line in wide.lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }

    // With nothing begun, the lesson at hand is the last that was finished.
    fixture.lesson("01_basics/02_total", "total");
    let compared = fixture.run(&["compare", "--json", "--bench"]);
    assert_eq!(compared.code, Some(0), "{}", compared.stderr);
    let object = json(&compared.stdout);
    assert_eq!(object["lesson"], "sum");
    assert_eq!(object["equal"], false);
    let diff = object["diff"].as_str().expect("a diff");
    assert!(
        diff.starts_with("--- exercises/")
            && diff.contains("\n-    let sum = b + a;\n-    sum\n+    a + b\n"),
        "{diff}"
    );
    assert_eq!(object["yours"]["interleavings"], 1234);
    assert_eq!(object["yours"]["groups"][0]["passed"], 2);
    assert_eq!(object["bench"]["rounds"], 3);
    assert_eq!(object["bench"]["cases"][0]["rows"][0]["ratio"], 1.25);
}

#[test]
fn a_bench_measures_what_it_can() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fake_bench(&fixture, &sum);
    let stub = fixture.run(&["bench"]);
    assert_eq!(stub.code, Some(1), "{}", stub.stderr);
    assert_snapshot!("bench_stub", stub.stdout);
    assert!(stub.stderr.contains("measuring sum in 3 rounds"), "{}", stub.stderr);

    sum.solve();
    let measured = fixture.run(&["bench", "sum"]);
    assert_eq!(measured.code, Some(0), "{}", measured.stderr);
    assert_snapshot!("bench", measured.stdout);
    let object = json(&fixture.run(&["bench", "sum", "--json"]).stdout);
    assert_eq!(object["version"], 1);
    assert_eq!(object["yours"]["state"], "measured");
    assert_eq!(object["cases"][1]["rows"][2]["name"], "library");
    assert_eq!(object["cases"][1]["rows"][2]["high"], 2.5);

    // What panics in the second case was measured in the first; what does not compile was not.
    for (code, state, detail, yours) in [
        (
            "assert!(a != 1 || b != 1 || std::env::args().count() == 0 || twice(), \"two ones\");\n    a + b",
            "stopped",
            "two ones",
            true,
        ),
        ("a + c", "does-not-compile", "cannot find value `c`", false),
    ] {
        sum.solve();
        fixture.replace(&sum.file(), "a + b", code);
        if yours {
            let text = fixture.read(&sum.file());
            fixture.write(
                &sum.file(),
                &format!(
                    "{text}\nfn twice() -> bool {{\n    static N: std::sync::atomic::AtomicUsize = \
                     std::sync::atomic::AtomicUsize::new(0);\n    \
                     N.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0\n}}\n"
                ),
            );
        }
        let ran = fixture.run(&["bench", "sum", "--json"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let object = json(&ran.stdout);
        assert_eq!(object["yours"]["state"], state, "{object}");
        let said = object["yours"]["detail"].as_str().expect("a detail");
        assert!(said.contains(detail), "{said}");
        let cases = object["cases"].as_array().expect("cases");
        let names = |case: usize| {
            let rows = cases[case]["rows"].as_array().expect("rows");
            rows.iter().map(|row| row["name"].as_str().expect("a name")).collect::<Vec<_>>()
        };
        assert_eq!(names(0).contains(&"yours"), yours, "{object}");
        assert_eq!(names(1), ["reference", "library"], "{object}");
    }
}

#[test]
fn a_bench_that_does_not_end_is_stopped() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fake_bench(&fixture, &sum);
    sum.solve();
    fixture.replace(
        &sum.file(),
        "    a + b",
        "    while a + b == 2 {\n        std::thread::sleep(std::time::Duration::from_secs(1));\n    }\n    a + b",
    );
    let hangs = fixture.run(&["bench"]);
    assert_eq!(hangs.code, Some(1), "{}", hangs.stderr);
    assert_snapshot!("bench_hangs", hangs.stdout);
    assert!(hangs.stderr.contains("measuring sum without yours"), "{}", hangs.stderr);
}
