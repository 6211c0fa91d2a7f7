//! The gates: a good lesson passes them, and each rejects a lesson that is bad in one way.

use crate::fixture::{DRY_RUN, Fixture, Lesson, Ran};

/// Five mistakes that the lesson's tests catch, one of them a model, with a challenge in the README.
fn five_mistakes(lesson: &Lesson<'_>) {
    lesson.challenge("races");
    lesson.mistake("subtracts", "a.wrapping_sub(b)", "correctness::adds", "panic");
    lesson.mistake("multiplies", "a * b", "correctness::adds_nothing", "panic");
    lesson.mistake("races", "a | b | 4", "race_freedom::adds_in_any_order", "data race");
    lesson.mistake("keeps", "a + b + 1", "no_leaks::keeps_nothing", "panic");
    lesson.mistake(
        "aborts",
        "if a > 0 { std::process::abort() } else { b }",
        "correctness::adds",
        "abort",
    );
}

/// What the table says against a lesson at a gate; `None` where the gate passes.
fn problems(ran: &Ran, lesson: &str, gate: &str) -> Option<String> {
    let (mut of, mut found) = (String::new(), None);
    for line in ran.stdout.lines() {
        if let Some(mark) = line.find(['✓', '✗']) {
            let name = line[..mark].trim();
            if !name.is_empty() {
                of = name.to_owned();
            }
            if found.is_some() {
                break;
            }
            if of == lesson && line[mark..].trim_end() == format!("✗ {gate}") {
                found = Some(String::new());
            }
        } else if let Some(problems) = &mut found {
            problems.push_str(line);
            problems.push('\n');
        }
    }
    found
}

#[test]
fn a_good_lesson_passes_every_gate_whatever_the_learner_writes() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    five_mistakes(&sum);
    fixture.write(
        &sum.solution("mistakes/SENTENCES.md"),
        "# What is said of the mistakes\n\n\
         Written by `cargo xtask verify sum --record`. A sentence is right, or it is not there.\n\n\
         ## races: data race\n main  a  b\n(silent)\n",
    );
    fixture.write(&sum.file(), "this is no Rust");
    let ran = fixture.run(&["verify", "sum"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let table: String = ran
        .stdout
        .lines()
        .map(|line| format!("{}\n", line.split(", slowest").next().unwrap_or(line)))
        .collect();
    insta::assert_snapshot!("good_lesson", table);
    assert_eq!(fixture.read(&sum.file()), "this is no Rust", "the learner's file is only read");

    let shipped = fixture.run(&["verify", "sum", "--shipped"]);
    assert_eq!(shipped.code, Some(1));
    assert!(shipped.stdout.ends_with("\n8 passed, 1 failed\n"), "{}", shipped.stdout);

    // Without a name: the workspace's own tests too, through nextest and without it. A browser is not needed.
    fixture.write("xtask/tests/browser/package.json", "{}\n");
    let not_run = "\nNot run: the tests of the explorer's page, in a browser.";
    assert!(!ran.stdout.contains(not_run), "{}", ran.stdout);
    for nextest in [true, false] {
        fixture.nextest.set(nextest);
        let all = fixture.run(&["verify"]);
        assert_eq!(all.code, Some(0), "{}{}", all.stdout, all.stderr);
        assert!(all.stdout.contains(" workspace  ✓ tests "), "{}", all.stdout);
        assert!(all.stdout.contains(not_run), "{}", all.stdout);
        assert!(all.stdout.ends_with("\n9 passed, 0 failed\n"), "{}", all.stdout);
    }
    fixture.replace(&sum.reference(), "a + b", "a - b");
    let all = fixture.run(&["verify"]);
    assert!(
        problems(&all, "workspace", "tests").is_some_and(|text| text.contains("adds")),
        "{}",
        all.stdout
    );
}

#[cfg(unix)]
#[test]
fn the_page_is_tested_with_what_npm_installs() {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::new();
    fixture.lesson("01_basics/01_sum", "sum");
    let none = fixture.run(&["verify", "sum", "--browser"]);
    let found = problems(&none, "workspace", "browser");
    assert!(
        found.is_some_and(|it| it.contains("there is no xtask/tests/browser/package.json")),
        "{}",
        none.stdout
    );

    // An npm that fails at one of its scripts.
    let folder = "xtask/tests/browser";
    fixture.write(&format!("{folder}/package.json"), "{}\n");
    fixture.write(&format!("{folder}/package-lock.json"), "{}\n");
    for (name, text) in [
        ("node", ""),
        ("chromium", ""),
        (
            "npm",
            "#!/bin/sh\necho \"$@\" >> calls\ncase \"$*\" in\n\
             ci*) mkdir -p node_modules; : > node_modules/.package-lock.json ;;\n\
             *format*) echo 'page.js is not formatted'; exit 1 ;;\n\
             *test*) test -x \"$XTASK\" && test -f \"$CHROMIUM\" && echo 'ℹ pass 3' ;;\nesac\n",
        ),
    ] {
        let path = format!("tools/{name}");
        fixture.write(&path, text);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(fixture.root.join(&path), executable).expect("executable");
    }
    let path = std::env::var_os("PATH").expect("a PATH");
    let path = std::env::join_paths(
        std::iter::once(fixture.root.join("tools")).chain(std::env::split_paths(&path)),
    );
    let path = path.expect("a PATH");
    for _ in 0..2 {
        let ran = fixture.run_with(&["verify", "sum", "--browser"], &[("PATH", &path)]);
        assert_eq!(problems(&ran, "workspace", "types"), None, "{}", ran.stdout);
        let found = problems(&ran, "workspace", "format");
        assert!(found.is_some_and(|it| it.contains("page.js is not formatted")), "{}", ran.stdout);
        assert!(ran.stdout.contains("✓ browser    3 tests pass"), "{}", ran.stdout);
    }
    let calls = fixture.read(&format!("{folder}/calls"));
    assert_eq!(calls.lines().filter(|line| line.starts_with("ci ")).count(), 1, "{calls}");
}

#[test]
fn each_gate_rejects_what_it_is_for() {
    let fixture = Fixture::new();
    let lesson = |i: u32, name: &str| fixture.lesson(&format!("01_bad/{i:02}_{name}"), name);

    let texts = lesson(1, "texts");
    fixture.replace(&texts.exercise("README.md"), "## Dry run", "## A run");
    fixture.write(&texts.exercise("HINTS.md"), "## Hint 1\n\nThink.\n");
    fixture.replace(&texts.exercise("Cargo.toml"), "minutes = 5\n", "");

    let api = lesson(2, "api");
    fixture.replace(&api.stub(), "b: u32", "b: u64");

    let warns = lesson(3, "warns");
    fixture.replace(&warns.stub(), "todo!", "let unused = 1;\n|     todo!");

    let passes = lesson(4, "passes");
    fixture.replace(
        &passes.stub(),
        "todo!",
        "if a == 0 {\n|         return 0;\n|     }\n|     todo!",
    );

    let hangs = lesson(5, "hangs");
    fixture.replace(&hangs.stub(), "todo!", "while a == 0 {}\n|     todo!");

    let fails = lesson(6, "fails");
    fixture.replace(&fails.reference(), "a + b", "a - b");

    let partly = lesson(7, "partly");
    fixture.replace(
        &partly.exercise("src/race_freedom.rs"),
        "explored, exhaustively",
        "explored, then the time ran out",
    );

    let lists = lesson(8, "lists");
    lists.record_with(&["correctness::adds", "correctness::gone"]);

    let copies = lesson(14, "copies");
    fixture.replace(&copies.exercise("tests/no_leaks.rs"), "What it keeps", "What it holds");
    fixture.write(&copies.exercise("tests/more.rs"), "//! More.\n");
    fixture.replace(&copies.lock(), "\"src/lib.rs\"", "\"src/gone.rs\"");

    let mistakes = lesson(9, "mistakes");
    five_mistakes(&mistakes);
    mistakes.challenge("other_kind");
    mistakes.mistake("none", "b + a", "correctness::adds", "panic");
    mistakes.mistake("other_kind", "a.wrapping_sub(b)", "correctness::adds", "deadlock");
    mistakes.mistake("no_test", "a * b", "correctness::subtracts", "panic");
    mistakes.mistake("warns", "{ let unused = 1; a * b }", "correctness::adds_nothing", "panic");
    mistakes.mistake("no_rust", "a +", "correctness::adds", "panic");
    mistakes.mistake("unfit", "a", "correctness::adds", "panic");
    fixture.replace(&mistakes.solution("mistakes/unfit.patch"), "-    a + b", "-    a +  b");
    fixture.write(&mistakes.solution("mistakes/header.patch"), "Mistake: no more than this\n\n");

    let few = lesson(10, "few");
    few.mistake("subtracts", "a.wrapping_sub(b)", "correctness::adds", "panic");

    let tour = lesson(11, "trip");
    fixture.replace(&tour.exercise("examples/tour.rs"), "42", "43");

    let bench = lesson(12, "bench");
    fixture.replace(
        &bench.solution("benches/compare.rs"),
        "reference::add(1, 1)",
        "reference::sub(1, 1)",
    );

    let no_stub = lesson(13, "no_stub");
    fixture.remove(&no_stub.stub());

    let drifted = lesson(14, "drifted");
    fixture.replace(&drifted.exercise("README.md"), "adds, bare", "subtracts");

    let unmarked = lesson(15, "unmarked");
    fixture.replace(&unmarked.exercise("README.md"), DRY_RUN, "```text\n      main\n```\n");

    let endless = lesson(16, "endless");
    fixture.replace(&endless.exercise("README.md"), "<!-- end of dry run -->", "");

    let misnamed = lesson(17, "misnamed");
    fixture.replace(
        &misnamed.exercise("README.md"),
        "dry run of adds_in_any_order",
        "dry run of adds_in_no_order",
    );

    let silent = lesson(18, "silent");
    fixture.replace(&silent.exercise("src/race_freedom.rs"), "!form.is_empty()", "false");

    // Lessons whose stub is code to repair: one that is a todo!(), one with nothing to repair, one as it should be.
    for (i, name, body) in [
        (19, "unbroken", "a.wrapping_add(b)"),
        (20, "to_do", "todo!(\"add them\")"),
        (21, "to_repair", "a.wrapping_sub(b)"),
    ] {
        let repair = lesson(i, name);
        let manifest = repair.exercise("Cargo.toml");
        fixture.replace(&manifest, "minutes = 5\n", "minutes = 5\nrepair = true\n");
        let stub = fixture.read(&repair.stub());
        let todo = stub.find("todo!").expect("a body");
        let end = todo + stub[todo..].find('\n').expect("a line");
        fixture.write(&repair.stub(), &format!("{}{body}{}", &stub[..todo], &stub[end..]));
    }

    let ran = fixture.run(&[
        "verify",
        "unbroken",
        "to_do",
        "to_repair",
        "texts",
        "api",
        "warns",
        "passes",
        "hangs",
        "fails",
        "partly",
        "lists",
        "mistakes",
        "few",
        "trip",
        "bench",
        "no_stub",
        "copies",
        "drifted",
        "unmarked",
        "endless",
        "misnamed",
        "silent",
    ]);
    assert_eq!(ran.code, Some(1));
    for (lesson, gate, said) in [
        ("texts", "texts", "no heading `## Dry run`"),
        ("texts", "texts", "1 hints"),
        ("texts", "texts", "no package.metadata.lesson.minutes"),
        ("api", "api", "fn add(u32, u64) -> u32"),
        ("warns", "stub", "unused variable: `unused`"),
        ("passes", "stub", "no_leaks::keeps_nothing passes although nothing is written"),
        (
            "hangs",
            "stub",
            "no_leaks::keeps_nothing fails otherwise than by todo!(): still spins after",
        ),
        ("fails", "reference", "correctness::adds fails"),
        ("partly", "reference", "race_freedom::adds_in_any_order does not explore all"),
        (
            "lists",
            "reference",
            "solutions/01_bad/08_lists/shipped.lock has no correctness::adds_nothing",
        ),
        (
            "lists",
            "reference",
            "solutions/01_bad/08_lists/shipped.lock has correctness::gone, which is no test",
        ),
        ("lists", "reference", "cargo xtask verify lists --record"),
        ("mistakes", "mistakes", "none: correctness::adds does not catch it"),
        ("mistakes", "mistakes", "the header says `deadlock`"),
        ("mistakes", "mistakes", "no_test: the lesson has no test correctness::subtracts"),
        ("mistakes", "mistakes", "unused variable: `unused`"),
        ("mistakes", "mistakes", "no_rust: error"),
        ("mistakes", "mistakes", "unfit: it does not fit the reference any more"),
        ("mistakes", "mistakes", "header.patch: the header has no `Why:`"),
        (
            "mistakes",
            "mistakes",
            "sets the challenge `cargo xtask explore mistakes --mistake other_kind`",
        ),
        ("few", "mistakes", "1 mistakes; a lesson has at least 5"),
        (
            "copies",
            "reference",
            "exercises/01_bad/14_copies/tests/no_leaks.rs is not the file that solutions/01_bad/14_copies/shipped.lock records",
        ),
        (
            "copies",
            "reference",
            "there is no exercises/01_bad/14_copies/src/gone.rs, which solutions/01_bad/14_copies/shipped.lock records",
        ),
        (
            "copies",
            "reference",
            "solutions/01_bad/14_copies/shipped.lock does not record exercises/01_bad/14_copies/tests/more.rs",
        ),
        ("copies", "reference", "if the exercise is right: cargo xtask verify copies --record"),
        ("unbroken", "stub", "no model fails"),
        ("to_do", "stub", "comes to a todo!() in code that is to be repaired"),
        ("trip", "tour", "it does not run to its end"),
        ("bench", "bench", "cannot find function `sub`"),
        ("no_stub", "stub", "there is no solutions/01_bad/13_no_stub/stub.txt"),
        ("texts", "dry run", "there is no section `## Dry run`"),
        ("fails", "dry run", "race_freedom::adds_in_any_order fails: attempt to subtract"),
        ("drifted", "dry run", "- 1 subtracts, 80 columns + 1 adds, bare, 80 columns"),
        ("drifted", "dry run", "cargo xtask verify drifted --record"),
        ("unmarked", "dry run", "`## Dry run` has no line `<!-- dry run of TEST: written by"),
        ("endless", "dry run", "no line `<!-- end of dry run -->` follows"),
        ("misnamed", "dry run", "README.md names the test `adds_in_no_order`"),
        ("misnamed", "dry run", "It has adds_in_any_order"),
        ("silent", "dry run", "race_freedom::adds_in_any_order passes and shows no dry run"),
    ] {
        let found = problems(&ran, lesson, gate);
        let found = found
            .unwrap_or_else(|| panic!("{lesson} passes {gate}:\n{}{}", ran.stdout, ran.stderr));
        let one_line = found.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(one_line.contains(said), "{lesson}, {gate}: {said} is not in\n{found}");
    }
    // What is good of them passes.
    for (lesson, gate) in [
        ("texts", "stub"),
        ("warns", "reference"),
        ("trip", "bench"),
        ("bench", "tour"),
        ("to_repair", "stub"),
    ] {
        assert_eq!(problems(&ran, lesson, gate), None, "{}", ran.stdout);
    }

    // The text around a dry run stays; a dry run that has nowhere to go is still a problem.
    let recorded = fixture.run(&["verify", "drifted", "unmarked", "--record"]);
    assert_eq!(problems(&recorded, "drifted", "dry run"), None);
    assert!(problems(&recorded, "unmarked", "dry run").is_some());
    assert_eq!(
        fixture.read(&drifted.exercise("README.md")),
        fixture.read(&few.exercise("README.md"))
    );

    let recorded = fixture.run(&["verify", "lists", "copies", "--record"]);
    assert_eq!(problems(&recorded, "copies", "reference"), None, "{}", recorded.stdout);
    let lock = fixture.read(&copies.lock());
    for path in ["src/lib.rs", "tests/no_leaks.rs", "tests/more.rs"] {
        let line = format!("\n\"{path}\" = \"{}\"\n", copies.digest(path));
        assert!(lock.contains(&line), "{path}: {lock}");
    }
    assert!(!lock.contains("gone.rs"), "{lock}");
    assert_eq!(problems(&recorded, "lists", "reference"), None, "{}", recorded.stdout);
    // The list is in the order of the files.
    let recorded = fixture.read(&lists.lock());
    lists.record();
    assert_eq!(recorded, fixture.read(&lists.lock()));
}

#[test]
fn a_use_after_free_is_named_by_the_gate_of_the_sanitizer() {
    let fixture = Fixture::new();
    let freed = fixture.lesson("01_basics/01_freed", "freed");
    let sound = fixture.lesson("01_basics/02_sound", "sound");
    fixture.lesson("01_basics/03_safe", "safe");
    let with_unsafe = |body: &str| {
        format!(
            "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {{\n    \
             let sum = Box::into_raw(Box::new(a + b));\n    unsafe {{\n{body}    }}\n}}\n"
        )
    };
    // The answer is right, so that every other gate is content.
    fixture.write(
        &freed.reference(),
        &with_unsafe(
            "        let early = *sum;\n        drop(Box::from_raw(sum));\n        \
             std::ptr::read_volatile(sum);\n        early\n",
        ),
    );
    fixture.write(&sound.reference(), &with_unsafe("        *Box::from_raw(sum)\n"));
    let ran = fixture.run(&["verify", "freed", "sound", "safe"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(problems(&ran, "freed", "reference"), None, "{}", ran.stdout);
    let rows: Vec<_> = ran.stdout.lines().filter(|line| line.contains("sanitizer")).collect();
    // One for each lesson with `unsafe`, whether the platform has a sanitizer or not.
    assert_eq!(rows.len(), 2, "{}", ran.stdout);
    if rows.iter().all(|row| row.contains("not run: ")) {
        return;
    }
    assert!(rows[1].contains("✓ sanitizer  finds nothing"), "{rows:?}");
    let found = problems(&ran, "freed", "sanitizer").expect("the gate finds it");
    let said = "correctness::adds: AddressSanitizer: heap-use-after-free";
    assert_eq!(found.matches(said).count(), 1, "in\n{found}");
}

#[test]
fn a_behaviour_of_go_stands_in_the_list_and_in_the_lesson() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    five_mistakes(&sum);
    let cite = |ids: &str| {
        let text = fixture.read(&sum.exercise("tests/no_leaks.rs"));
        fixture.write(
            &sum.exercise("tests/no_leaks.rs"),
            &text.replace("What it keeps.", &format!("What it keeps, {ids}.")),
        );
    };
    let rows = |rows: &str| {
        let head = "# Go\n\n| ID | behaviour | Go | held by |\n|---|---|---|---|\n";
        fixture.write("exercises/GO.md", &format!("{head}{rows}"));
    };
    cite("WG-01, WG-02, WG-03 and WG-04");
    sum.record();
    // Good, missing, not of this lesson, of a test that is not there; and what the lesson does not cite.
    rows(
        "| WG-01 | It adds. | sync | `sum`: `no_leaks::keeps_nothing` |\n\
         | WG-03 | It adds. | sync | differs: it does not |\n\
         | WG-04 | It adds. | sync | `sum`: `no_leaks::gone` |\n\
         | ON-01 | It adds. | sync | differs: it does; `sum`: `correctness::adds` |\n",
    );
    let ran = fixture.run(&["verify", "sum"]);
    assert_eq!(ran.code, Some(1));
    let found = problems(&ran, "sum", "texts").expect("the texts are bad");
    let one_line = found.split_whitespace().collect::<Vec<_>>().join(" ");
    let file = "exercises/01_basics/01_sum/tests/no_leaks.rs:1";
    for said in [
        &format!(
            "{file} cites WG-02, which exercises/GO.md does not have: correct the ID, or add a row"
        ),
        &format!("{file} cites WG-03, and its row in exercises/GO.md does not name the lesson"),
        "exercises/GO.md:7: WG-04 names `sum`: `no_leaks::gone`, which is no test of the lesson",
        "exercises/GO.md:8: ON-01 names `sum`, which does not cite it: write ON-01 above the test",
    ] {
        assert!(one_line.contains(said), "{said} is not in\n{found}");
    }
    assert!(!one_line.contains("WG-01"), "{found}");

    rows(
        "| WG-01 | It adds. | sync | `sum`: `no_leaks::keeps_nothing` |\n\
         | WG-02 | It adds. | sync | `sum`: `no_leaks::keeps_nothing`; `total`: `correctness::adds` |\n\
         | WG-03 | It adds. | sync | differs: it adds; `sum`: `correctness::adds_nothing` |\n\
         | WG-04 | It adds. | sync | `sum`: `correctness::adds` |\n\
         | ON-01 | It adds. | sync | nothing |\n\
         | WG-01 | It adds. | sync | differs: it does not |\n",
    );
    let ran = fixture.run(&["verify"]);
    assert_eq!(problems(&ran, "sum", "texts"), None, "{}", ran.stdout);
    let found = problems(&ran, "workspace", "GO.md").expect("the list is bad");
    let one_line = found.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "exercises/GO.md:6: WG-02 names `total`: `correctness::adds`, and there is no lesson total",
        "exercises/GO.md:9: ON-01 names no test: write `lesson`: `heading::test` into its last column",
        "exercises/GO.md:10: WG-01 has a row in line 5 too",
    ] {
        assert!(one_line.contains(said), "{said} is not in\n{found}");
    }
}
