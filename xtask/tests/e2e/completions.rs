//! `cargo xtask <TAB>`, in a real bash.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::fixture::Fixture;

/// Completes the words as bash would, the last of which is being typed.
const TYPE: &str = r#"
_cargo() { COMPREPLY=($(compgen -W "build test" -- "$2")); }
complete -F _cargo cargo
source "$1"
# Twice, as from two start-up files.
source "$1"
complete_words() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    [[ $(complete -p "$1") =~ -F\ ([^\ ]+) ]]
    "${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "$* => ${COMPREPLY[*]}"
}
complete_words cargo b
complete_words cargo x
complete_words cargo build --r
complete_words cargo xtask te
complete_words cargo xtask test ''
complete_words cargo xtask test s
complete_words cargo xtask test --
complete_words cargo xtask test sum adds_n
complete_words cargo xtask dry-run sum ''
complete_words cargo xtask break sum ''
complete_words cargo xtask grade total s
complete_words cargo xtask list --
complete_words cargo xtask completions z
complete_words xtask swap t
cd /
complete_words cargo xtask test ''
"#;

#[test]
fn bash_completes_commands_and_lessons() {
    if Command::new("bash").arg("--version").stdout(Stdio::null()).status().is_err() {
        return;
    }
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.lesson("02_more/01_total", "total");
    fixture.write(&sum.solution("mistakes/off_by_one.patch"), "");
    // A name is a name, never a command.
    fixture.replace(
        &sum.lock(),
        "]\n",
        "    \"correctness::$(touch ran)\",\n]\n# By `touch ran`.\n",
    );
    let script = fixture.run(&["completions", "bash"]);
    assert_eq!((script.code, &script.stderr[..]), (Some(0), ""));
    fixture.write("xtask.bash", &script.stdout);

    let completed = Command::new("bash")
        .args(["--norc", "-c", TYPE, "bash", "xtask.bash"])
        .current_dir(&fixture.root)
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&completed.stderr), "");
    assert_snapshot!("completions_bash", String::from_utf8_lossy(&completed.stdout));
    assert!(!fixture.root.join("ran").exists());
}
