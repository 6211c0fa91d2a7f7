//! `cargo xtask completions SHELL`: a script that completes `cargo xtask`.
//!
//! clap_complete writes the completion of a program called `xtask`; but what is typed is `cargo xtask`. So each script
//! goes on with a part of our own, which hooks that completion into cargo's, where a shell has a way to do so, and
//! which looks for the names of lessons when they are asked for.

use anyhow::{Context, Result};
use clap::{Arg, Command};
use clap_complete::Shell;

use super::Exit;
use crate::term;

/// What to complete in.
#[derive(Debug, clap::Args)]
pub struct Request {
    /// The shell that reads the script
    shell: Shell,
}

/// How the script gets into a shell, for the help.
pub const INSTALL: &str = "\
To install, run the lines for your shell in the folder of the lessons, and open
a new terminal.

bash:
  cargo xtask completions bash > ~/.xtask.bash
  echo 'source ~/.xtask.bash' >> ~/.bashrc
zsh:
  cargo xtask completions zsh > ~/.xtask.zsh
  echo 'autoload -U compinit && compinit; source ~/.xtask.zsh' >> ~/.zshrc
fish:
  cargo xtask completions fish > ~/.config/fish/conf.d/xtask.fish
powershell:
  cargo xtask completions powershell > $HOME/xtask.ps1
  Add-Content $PROFILE '. $HOME/xtask.ps1'
elvish:
  cargo xtask completions elvish > ~/.config/elvish/lib/xtask.elv
  echo 'use xtask' >> ~/.config/elvish/rc.elv

In bash, zsh and fish, Tab then completes `cargo xtask`, the names of lessons
included; what completes the rest of cargo goes on doing so. Each script also
defines the command xtask, short for `cargo xtask`. In powershell and elvish,
which have one completion for all of cargo, only that is completed.";

const SHELL_FUNCTIONS: &str = include_str!("completions/lessons.sh");
const BASH: &str = include_str!("completions/bash.sh");
const ZSH: &str = include_str!("completions/zsh.sh");
const FISH: &str = include_str!("completions/fish.fish");
const POWERSHELL: &str = include_str!("completions/powershell.ps1");
const ELVISH: &str = include_str!("completions/elvish.elv");

/// What of the command line is a name that the script looks for, and the function of zsh that completes it.
const NAMES: [(&str, &str); 5] = [
    ("lesson", "_xtask_lessons"),
    ("lessons", "_xtask_lessons"),
    ("mistake", "_xtask_mistakes"),
    ("test", "_xtask_models"),
    ("filter", "_xtask_tests"),
];

/// Prints the script for `xtask`, the command line of the runner.
pub fn run(request: &Request, xtask: Command) -> Result<Exit> {
    term::print(&script(request.shell, xtask)?);
    Ok(Exit::Success)
}

fn script(shell: Shell, xtask: Command) -> Result<String> {
    let mut xtask = xtask.name("xtask").bin_name("xtask").display_name("xtask");
    let mut generated = Vec::new();
    clap_complete::generate(shell, &mut xtask, "xtask", &mut generated);
    let generated = String::from_utf8(generated).context("a completion script is not UTF-8")?;
    let takers = |argument: &str| -> Vec<String> {
        let takes =
            |command: &&Command| command.get_positionals().any(|one| one.get_id() == argument);
        let takers = xtask.get_subcommands().filter(takes);
        takers.map(|command| command.get_name().to_owned()).collect()
    };
    let (one, many) = (takers("lesson"), takers("lessons"));
    Ok(match shell {
        Shell::Bash => {
            let pattern = |commands: &[String], given: &str| {
                let patterns = commands.iter().map(|command| format!("{command}:{given}"));
                patterns.collect::<Vec<_>>().join(" | ")
            };
            let own = BASH
                .replace("@ONE@", &pattern(&one, "0"))
                .replace("@MANY@", &pattern(&many, "*"))
                .replace("@VALUED@", &valued(&xtask).join(" | "));
            [&generated, SHELL_FUNCTIONS, &own].concat()
        }
        Shell::Zsh => [&with_names(&generated), SHELL_FUNCTIONS, ZSH].concat(),
        Shell::Fish => {
            let commands = [one, many].concat().join(" ");
            [&generated, &FISH.replace("@COMMANDS@", &commands)[..]].concat()
        }
        Shell::PowerShell => generated + POWERSHELL,
        Shell::Elvish => generated + ELVISH,
        // clap_complete may come to know others.
        _ => generated,
    })
}

/// The options that are followed by a value.
fn valued(xtask: &Command) -> Vec<String> {
    let options = xtask.get_subcommands().flat_map(Command::get_opts);
    let long = options.filter_map(Arg::get_long);
    long.map(|long| format!("--{long}")).collect()
}

/// zsh's script, in which names are completed by the functions that look for them.
fn with_names(generated: &str) -> String {
    let line = |line: &str| {
        let found = NAMES.iter().find(|(argument, _)| {
            let argument = format!("{argument} -- ");
            line.trim_start_matches(['\'', '*', ':']).starts_with(&argument)
        });
        match (found, line.strip_suffix(":_default' \\")) {
            (Some((_, function)), Some(start)) => format!("{start}:{function}' \\\n"),
            _ => format!("{line}\n"),
        }
    };
    generated.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};

    use super::*;

    #[test]
    fn zsh_looks_for_every_name() {
        let xtask = crate::Arguments::command();
        let script = script(Shell::Zsh, xtask.clone()).expect("a script");
        for (argument, function) in NAMES {
            let takers = xtask
                .get_subcommands()
                .flat_map(Command::get_positionals)
                .filter(|one| one.get_id() == argument)
                .count();
            let looks = script.lines().filter(|line| {
                line.contains(&format!(":{argument} -- "))
                    && line.contains(&format!(":{function}'"))
            });
            assert!(takers > 0, "{argument}");
            assert_eq!(looks.count(), takers, "{argument}");
        }
    }

    #[test]
    fn every_shell_has_a_script_with_nothing_left_open() {
        for &shell in Shell::value_variants() {
            let script = script(shell, crate::Arguments::command()).expect("a script");
            for open in ["@ONE@", "@MANY@", "@VALUED@", "@COMMANDS@"] {
                assert!(!script.contains(open), "{shell}: {open}");
            }
            assert!(script.contains("dry-run"), "{shell}");
            assert!(INSTALL.contains(&format!("cargo xtask completions {shell} >")));
        }
    }
}
