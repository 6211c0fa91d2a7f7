//! Settings of cargo from outside the checkout that change how lessons are built or run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Keys of cargo's configuration that can keep a lesson from being built, or its tests from running.
const BUILD: &str = "jobs rustc rustc-wrapper rustc-workspace-wrapper rustflags target build-dir";
const TARGET: &str = "linker runner rustflags";

/// Variables that do the same.
const VARIABLES: &str = "CARGO_BUILD_JOBS CARGO_BUILD_RUSTC_WRAPPER CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET \
                         CARGO_ENCODED_RUSTFLAGS RUSTC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTFLAGS";

/// Each setting, and where it stands: `build.jobs in /home/me/.cargo/config.toml`.
pub fn foreign(root: &Path) -> Vec<String> {
    let set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let variables = VARIABLES.split(' ').filter(set);
    let mut found: Vec<String> =
        variables.map(|name| format!("the environment variable {name}")).collect();
    for file in files(root) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let place = file.display();
        match toml::from_str::<Table>(&text) {
            Ok(table) => found.extend(keys(&table).map(|key| format!("{key} in {place}"))),
            Err(_) => found.push(format!("{place}, which is no TOML")),
        }
    }
    found
}

/// cargo's home.
pub fn cargo_home() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// The configurations above the checkout, and that of cargo's home.
fn files(root: &Path) -> Vec<PathBuf> {
    let above = root.ancestors().skip(1).map(|folder| folder.join(".cargo"));
    let mut files = Vec::new();
    for folder in above.chain(cargo_home()) {
        // cargo takes the first that is there.
        let file = ["config", "config.toml"].map(|name| folder.join(name));
        if let Some(file) = file.into_iter().find(|file| file.is_file())
            && !files.contains(&file)
        {
            files.push(file);
        }
    }
    files
}

fn keys(config: &Table) -> impl Iterator<Item = String> {
    let of = |section: &str, table: Option<&Value>, keys: &str| {
        let table = table.and_then(Value::as_table);
        let there = |key: &&str| table.is_some_and(|table| table.contains_key(*key));
        let keys = keys.split(' ').filter(there);
        keys.map(|key| format!("{section}.{key}")).collect::<Vec<_>>()
    };
    let mut found = of("build", config.get("build"), BUILD);
    let targets = config.get("target").and_then(Value::as_table);
    for (name, table) in targets.into_iter().flatten() {
        found.extend(of(&format!("target.'{name}'"), Some(table), TARGET));
    }
    found.into_iter()
}
