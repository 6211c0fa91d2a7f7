//! The processes that a workspace's runner has started: none may stay.

use std::path::Path;
use std::time::{Duration, Instant};

/// Deadlines are generous: what is tested is that an end comes, on a machine that is busy.
const SOON: Duration = Duration::from_secs(20);

/// The processes, but for the one with this id, whose folder, program or command line is in the workspace. Where
/// there is no `/proc`, nobody says.
pub fn of(root: &Path, but: u32) -> Vec<String> {
    let process = |process: std::fs::DirEntry| {
        let id: u32 = process.file_name().to_str()?.parse().ok()?;
        let link = |name: &str| std::fs::read_link(process.path().join(name)).ok();
        let runs_here =
            [link("cwd"), link("exe")].into_iter().flatten().any(|path| path.starts_with(root));
        let line = std::fs::read(process.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let here = runs_here || line.contains(&*root.to_string_lossy());
        (here && id != but).then(|| format!("{id} {line}"))
    };
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes.filter_map(|entry| process(entry.ok()?)).collect()
}

/// Waits until no process of the workspace is left.
pub fn all_gone(root: &Path) {
    let begun = Instant::now();
    while let left = of(root, 0)
        && !left.is_empty()
    {
        assert!(begun.elapsed() < SOON, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
