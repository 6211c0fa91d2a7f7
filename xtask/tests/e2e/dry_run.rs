//! A model shown step by step, with the learner's code or with the reference.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn a_model_is_shown_with_the_code_of_the_learner_or_the_reference() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");

    let unwritten = fixture.run(&["dry-run", "sum"]);
    assert_eq!(unwritten.code, Some(1), "{}", unwritten.stderr);
    assert_snapshot!("dry_run_not_written", unwritten.stdout);
    let reference = fixture.run(&["dry-run", "1.1", "any", "--solution"]);
    assert_eq!(reference.code, Some(0), "{}", reference.stderr);
    assert_snapshot!("dry_run_reference", reference.stdout);

    sum.solve();
    let path = sum.exercise("src/race_freedom.rs");
    let models = fixture.read(&path);
    let another = "\n// Adds the other way round.\n#[test]\nfn adds_in_no_order() {\n    assert_eq!(crate::add(2, 1), 3);\n}\n";
    fixture.write(&path, &format!("{models}{another}"));
    let own = fixture.run(&["dry-run", "sum"]);
    assert_eq!(own.code, Some(0), "{}", own.stderr);
    assert_snapshot!("dry_run_own", own.stdout);

    // One that the learner wrote, and that runs no model.
    let nothing = fixture.run(&["dry-run", "sum", "no-order"]);
    assert_eq!(nothing.code, Some(1), "{}", nothing.stderr);
    assert!(nothing.stdout.contains("It runs no model"), "{}", nothing.stdout);
    let both = fixture.run(&["dry-run", "sum", "order"]);
    assert_eq!((both.code, both.stdout.as_str()), (Some(2), ""));
    assert!(
        both.stderr.contains(
            "several race-freedom tests of sum have order in their names:\n  adds_in_any_order\n  adds_in_no_order\n"
        ),
        "{}",
        both.stderr
    );
    let none = fixture.run(&["dry-run", "sum", "subtracts"]);
    assert_eq!(none.code, Some(2));
    assert!(
        none.stderr.contains("has subtracts in its name. The nearest are\n")
            && none.stderr.contains("\n  adds_in_any_order\n"),
        "{}",
        none.stderr
    );

    fixture.replace(&sum.file(), "a + b", "a + b + 1");
    let wrong = fixture.run(&["dry-run", "sum", "any"]);
    assert_eq!(wrong.code, Some(1));
    assert_snapshot!("dry_run_wrong", wrong.stdout);

    fixture.replace(&sum.file(), "a + b + 1", "a + c");
    let broken = fixture.run(&["dry-run", "sum", "any"]);
    assert_eq!(broken.code, Some(1));
    assert!(broken.stdout.starts_with("error[E0425]: cannot find value `c`"), "{}", broken.stdout);

    // The test is listed, and gone from the file.
    fixture.write(&path, another);
    sum.solve();
    let gone = fixture.run(&["dry-run", "sum", "any"]);
    assert_eq!(gone.code, Some(1));
    assert_snapshot!("dry_run_gone", gone.stdout);

    let list = fixture.run(&["list"]);
    assert!(
        list.stdout.contains("0 of 1 done"),
        "it says nothing of the progress: {}",
        list.stdout
    );
}

/// Colours and width reach a test and come back; what the user's environment says of them does not.
#[test]
fn a_report_is_made_for_the_terminal() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.solve();
    fixture.replace(
        &sum.exercise("src/race_freedom.rs"),
        "    let page = |name",
        "    let seen = |name: &str| std::env::var(name).unwrap_or_default();\n    \
         let (width, ink) = (seen(\"HARNESS_WIDTH\"), seen(\"HARNESS_INK\"));\n    \
         let (on, off) = if ink == \"marks\" { (\"\\u{E001}\", \"\\u{E000}\") } else { (\"\", \"\") };\n    \
         eprintln!(\"fails: deadlock\\n  {on}main{off} {}\\n  {width}\", \"x\".repeat(90));\n    \
         panic!();\n    #[allow(unreachable_code)]\n    let page = |name",
    );
    let run = |variables: &[(&str, &str)]| {
        let output = fixture
            .command(&["test", "sum", "any"])
            .env("HARNESS_WIDTH", "7")
            .env("HARNESS_INK", "marks")
            .env("HARNESS_DRY_RUN", "full")
            .envs(variables.iter().copied())
            .output()
            .expect("started");
        String::from_utf8(output.stdout).expect("text")
    };
    let long = "x".repeat(90);
    let plain = run(&[("COLUMNS", "120")]);
    assert!(plain.contains(&format!("\n   main {long}\n   119\n")), "{plain}");
    assert!(!plain.contains(['\x1b', '\u{E000}']), "{plain:?}");
    assert!(plain.contains("✗ adds_in_any_order  deadlock"), "{plain}");

    let wide = run(&[("COLUMNS", "300"), ("CLICOLOR_FORCE", "1")]);
    assert!(
        wide.contains(&format!("\n   \x1b[1m\x1b[31mmain\x1b[0m {long}\n   159\n")),
        "{wide:?}"
    );
    assert!(!wide.contains('\u{E000}'), "{wide:?}");

    let narrow = run(&[("COLUMNS", "50")]);
    assert!(narrow.contains("\n   49\n"), "{narrow}");
    let fits = |line: &str| line.chars().count() <= 50 || line.contains('/');
    assert!(narrow.lines().all(fits), "{narrow}");
}
