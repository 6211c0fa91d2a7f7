//! Every interleaving of a model, as a page and as JSON.

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::{Fixture, Lesson};

/// What the models of a fixture write, which have no harness: two interleavings, of which the first fails with the words
/// that a page must not take for markup.
const RECORDED: &str = r##"{"coverage":"All 2 interleavings.","cut":null,"failing":1,"fewestSwitches":1,
"sources":[{"path":"SRC/sum.rs","text":"pub fn add() {}\n"},{"path":"SRC/race_freedom.rs","text":"// </script>\n"}],
"threads":["main","other"],"objects":[{"name":"sum","kind":"atomic"}],
"ops":[{"thread":0,"text":"sum.load(Relaxed)","note":"= 0","source":0,"line":1,"object":0,"touches":[[0,"r"]],"together":false},
{"thread":1,"text":"sum.store(1, Relaxed)","note":null,"source":null,"line":null,"object":0,"touches":[[0,"w"]],"together":false}],
"deltas":[[],[[0,"value","1"]]],
"runs":[{"steps":[0,1],"delta":[0,1],"able":[3,3],"switches":1,"end":{"kind":"panic","message":"</script><script>alert(1)</script>\n(main, at SRC/sum.rs:1)","cause":null,"rows":[{"step":1,"text":"too late"}]}},
{"steps":[1,0],"delta":[1,0],"able":[3,1],"switches":0,"end":null}]}"##;

/// Makes the lesson's model write that down if it is asked for, as often as the harness would: `times` models.
pub fn record(fixture: &Fixture, sum: &Lesson<'_>, times: usize) {
    let path = sum.exercise("src/race_freedom.rs");
    let write = format!(
        "fn adds_in_any_order() {{\n    if let Ok(path) = std::env::var(\"HARNESS_RUNS\") {{\n        \
         for number in 1..={times} {{\n            \
         let recorded = RECORDED.replace(\"SRC\", &std::path::Path::new(file!()).parent().unwrap().to_string_lossy());\n            \
         std::fs::write(format!(\"{{path}}.{{number}}.json\"), recorded).unwrap();\n        }}\n    }}\n"
    );
    fixture.replace(&path, "fn adds_in_any_order() {\n", &write);
    let models = fixture.read(&path);
    fixture.write(&path, &format!("{models}\nconst RECORDED: &str = r##\"{RECORDED}\"##;\n"));
}

#[test]
fn a_model_is_explored_with_the_code_of_the_learner_the_reference_or_a_mistake() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.mistake("races", "a | b | 4", "race_freedom::adds_in_any_order", "data race");
    sum.mistake("subtracts", "a.wrapping_sub(b)", "correctness::adds", "panic");

    // Nothing is there to explore.
    let unwritten = fixture.run(&["explore", "sum"]);
    assert_eq!(unwritten.code, Some(1), "{}", unwritten.stderr);
    assert_snapshot!("explore_not_written", unwritten.stdout);
    let no_model = fixture.run(&["explore", "sum", "--solution"]);
    assert_eq!(no_model.code, Some(1), "{}", no_model.stderr);
    assert_snapshot!("explore_no_model", no_model.stdout);
    let real = fixture.run(&["explore", "sum", "--mistake", "subtracts"]);
    assert_eq!(real.code, Some(1), "{}", real.stderr);
    assert_snapshot!("explore_on_real_threads", real.stdout);

    record(&fixture, &sum, 2);
    assert_eq!(fixture.run(&["explore", "sum"]).stdout, unwritten.stdout, "a model that ran");
    sum.solve();
    let own = fixture.run(&["explore", "1.1", "any"]);
    assert_eq!(own.code, Some(0), "{}", own.stderr);
    assert_snapshot!("explore_own", own.stdout);
    let page = fixture.read("target/explore/sum.adds_in_any_order.html");
    assert!(page.contains("Content-Security-Policy"), "{page}");
    // Its own scripts, and no more: a text of the program's is data.
    assert_eq!(page.matches("<script").count(), 2, "{page}");
    assert_eq!(page.matches("</script").count(), 2, "{page}");
    assert!(page.contains(r"\u003c/script\u003e\u003cscript\u003ealert(1)"), "{page}");
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        let (script, data) = page.split_once("id=\"data\"").expect("the data");
        assert!(!script.contains(outside) && !data.contains("src="), "{outside}");
    }

    let reference =
        fixture.run(&["explore", "sum", "--solution", "--no-open", "--output", "a page.html"]);
    assert_eq!(reference.code, Some(0), "{}", reference.stderr);
    assert!(fixture.read("a page.html").contains("\"the reference\""));

    // The places are those of the lesson, though it ran elsewhere; the test that failed is the last.
    let mistake = fixture.run(&["explore", "sum", "--mistake", "rac", "--json"]);
    assert_eq!(mistake.code, Some(0), "{}", mistake.stderr);
    let json: Value = serde_json::from_str(&mistake.stdout).expect("JSON");
    assert_eq!(json["model"]["number"], 2);
    let pretty = serde_json::to_string_pretty(&json).expect("JSON");
    assert_snapshot!("explore_json", pretty);
    let file = fixture.run(&["explore", "sum", "--json", "--output", "sum.json"]);
    assert_eq!((file.code, file.stdout.as_str()), (Some(0), ""), "{}", file.stderr);
    let json: Value = serde_json::from_str(&fixture.read("sum.json")).expect("JSON");
    assert_eq!((&json["code"], &json["version"]), (&"yours".into(), &1.into()));
    assert_eq!(json["sources"][0]["role"], "lesson");
    assert_eq!(json["sources"][1]["role"], "model");

    fixture.replace(&sum.file(), "a + b", "a + c");
    let broken = fixture.run(&["explore", "sum"]);
    assert_eq!(broken.code, Some(1));
    assert!(broken.stdout.starts_with("error[E0425]: cannot find value `c`"), "{}", broken.stdout);
    let list = fixture.run(&["list"]);
    assert!(
        list.stdout.contains("0 of 1 done"),
        "it says nothing of the progress: {}",
        list.stdout
    );
}

#[test]
fn a_wrong_word_is_answered_with_the_nearest() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.mistake("races", "a | b | 4", "race_freedom::adds_in_any_order", "data race");
    for (arguments, nearest) in [
        (&["explore", "sun"][..], "\n  1.1   sum\n"),
        (&["explore", "sum", "subtracts"], "\n  adds_in_any_order\n"),
        (&["explore", "sum", "--mistake", "race_s"], "\n  races\n"),
    ] {
        let wrong = fixture.run(arguments);
        assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(wrong.stderr.contains(nearest), "{}", wrong.stderr);
    }
    let both = fixture.run(&["explore", "sum", "--solution", "--mistake", "races"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}
