//! The store: what it keeps, and what is left of it when it is damaged.

use super::*;

fn store() -> (tempfile::TempDir, Versions) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folder = dir.path().join("versions/sum");
    (dir, Versions::open(folder).expect("a store"))
}

fn keep(versions: &mut Versions, content: &str) -> usize {
    versions.keep(content.as_bytes(), Why::Swap, &mut |_| Ok(())).expect("kept")
}

fn again(versions: &Versions) -> Versions {
    Versions::open(versions.folder.clone()).expect("a store")
}

fn contents(versions: &Versions) -> Vec<String> {
    let all = versions.all().into_iter();
    let contents = all.map(|version| versions.content(&version).expect("whole"));
    contents.map(|content| String::from_utf8(content).expect("text")).collect()
}

/// What lies in the folder besides versions and index.
fn aside(versions: &Versions) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(&versions.folder).expect("listed");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let aside = paths.filter(|path| path.to_string_lossy().contains(".damaged-"));
    aside.map(|path| fs::read(path).expect("read")).collect()
}

#[test]
fn a_version_is_a_file_that_a_person_can_read() {
    let (_dir, mut versions) = store();
    assert_eq!(keep(&mut versions, "fn one() {}\n"), 1);
    assert_eq!(keep(&mut versions, "fn two() {}\n\n// no end"), 2);
    let again = again(&versions);
    let both = ["fn one() {}\n", "fn two() {}\n\n// no end"];
    assert_eq!(contents(&again), both);
    let two = &again.all()[1].kept;
    assert_eq!((two.lines, two.bytes, two.why), (3, 22, Why::Swap));
    let file = again.file(&two.sha256);
    assert_eq!(fs::read_to_string(file).expect("read"), both[1]);
}

#[test]
fn the_same_content_twice_is_one_version_with_the_later_time() {
    let (_dir, mut versions) = store();
    for content in ["a", "b", "a"] {
        keep(&mut versions, content);
    }
    let versions = again(&versions);
    assert_eq!(contents(&versions), ["a", "b"]);
    let newest = versions.newest_first().into_iter();
    let newest: Vec<_> = newest.map(|version| version.number).collect();
    assert_eq!(newest, [1, 2], "version 1 was kept last");
    assert_eq!(versions.log.len(), 3);
}

#[test]
fn a_damaged_index_is_set_aside_and_the_files_suffice() {
    for damage in [
        &b"version = 1\n[[kept]]\nat = \"2026-"[..],
        b"",
        b"\xff",
        b"version = 1\n[[kept]]\nat = \"2026-08-04T21:07:00Z\"\nwhy = \"swap\"\nsha256 = \"../../x\"\nbytes = 1\nlines = 1\n",
    ] {
        let (_dir, mut versions) = store();
        keep(&mut versions, "a");
        keep(&mut versions, "b");
        fs::write(versions.folder.join("index.toml"), damage).expect("written");
        let mut versions = again(&versions);
        let mut found = contents(&versions);
        found.sort();
        assert_eq!(found, ["a", "b"]);
        assert!(versions.all().iter().all(|v| v.kept.why == Why::Unknown));
        assert_eq!(aside(&versions), [damage]);
        // The next index has them, so that they keep their numbers.
        keep(&mut versions, "c");
        assert_eq!(again(&versions).log, versions.log);
    }
}

#[test]
fn a_copy_that_the_index_does_not_have_is_a_version() {
    let (_dir, mut versions) = store();
    keep(&mut versions, "a");
    // As a kill between the copy and the index leaves it.
    fs::write(versions.file(&sha256(b"b")), "b").expect("written");
    let mut versions = again(&versions);
    assert_eq!(contents(&versions), ["a", "b"]);
    assert_eq!(versions.all()[1].kept.why, Why::Unknown);
    assert_eq!(keep(&mut versions, "b"), 2);
    assert_eq!(versions.all()[1].kept.why, Why::Swap);
}

#[test]
fn a_half_written_copy_is_no_version() {
    let (_dir, mut versions) = store();
    keep(&mut versions, "a");
    let half = write_beside(&versions.file(&sha256(b"bb")), b"b", None).expect("written");
    half.keep().expect("left behind");
    let mut versions = again(&versions);
    assert_eq!(contents(&versions), ["a"]);
    keep(&mut versions, "bb");
    assert_eq!(contents(&versions), ["a", "bb"]);
    let left = fs::read_dir(&versions.folder).expect("listed").count();
    assert_eq!(left, 3, "two versions and the index");
}

#[test]
fn a_copy_that_is_gone_or_damaged_is_said_and_the_others_are_there() {
    let (_dir, mut versions) = store();
    for content in ["a", "b", "c"] {
        keep(&mut versions, content);
    }
    let [a, b, c] = &versions.all()[..] else { panic!("three versions") };
    fs::remove_file(versions.file(&a.kept.sha256)).expect("removed");
    fs::write(versions.file(&b.kept.sha256), "B").expect("written");
    let gone = versions.content(a).expect_err("gone").to_string();
    assert!(gone.starts_with("version 1 cannot be read"), "{gone}");
    let damaged = versions.content(b).expect_err("damaged").to_string();
    assert!(damaged.starts_with("version 2 is damaged"), "{damaged}");
    assert_eq!(versions.content(c).expect("whole"), b"c");
    // Kept again, the copy is whole, and what was in its place is not lost.
    assert_eq!(keep(&mut versions, "b"), 2);
    assert_eq!(versions.content(b).expect("whole"), b"b");
    assert_eq!(aside(&versions), [b"B"]);
}

#[test]
fn a_version_goes_by_number_or_by_the_beginning_of_its_hash() {
    let (_dir, mut versions) = store();
    keep(&mut versions, "a");
    keep(&mut versions, "b");
    let found = |versions: &Versions, wanted: &str| match versions.find(wanted) {
        Ok(version) => version.number.to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found(&versions, "2"), "2");
    // `b` is 3e23e816…
    assert_eq!(found(&versions, "3e23"), "2");
    assert_eq!(found(&versions, "3E23E8"), "2");
    assert_eq!(
        found(&versions, "3"),
        "no version is called 3. There are 1 to 2; 4 digits or more of a hash do as well."
    );
    let mut twin = versions.log[1].clone();
    twin.sha256.replace_range(63.., "0");
    versions.log.push(twin);
    let ambiguous = found(&versions, "3e23");
    assert!(ambiguous.starts_with("several versions begin with 3e23:\n  2  3e23"), "{ambiguous}");
    assert_eq!(found(&versions, &versions.log[1].sha256), "2");
}
