//! The order of the rooms, and what breaks it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::modules::Crate;

/// Each room with the number of its floor, counted from the top.
pub type Rooms = BTreeMap<String, usize>;

/// The table in the docs of a crate's root: the names in backticks in the first cell of a row share a floor.
pub fn rooms(root: &str) -> Rooms {
    let docs = root.lines().filter_map(|line| line.strip_prefix("//!"));
    let rows = docs.filter_map(|line| line.trim().strip_prefix("| `"));
    let first_cells = rows.filter_map(|row| row.split(" | ").next());
    let floors = first_cells.enumerate().flat_map(|(floor, cell)| {
        let names = cell.split(['`', ',', ' ']).filter(|name| !name.is_empty());
        names.map(move |name| (name.to_owned(), floor))
    });
    floors.collect()
}

/// What breaks the order, a line each.
pub fn violations(all: &Crate, rooms: &Rooms) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (user, used) in &all.uses {
        // The root stands above everything and its own items are re-exports.
        if user.is_empty() {
            continue;
        }
        if used.is_empty() {
            found.insert(format!("{user} uses the root, which stands above it"));
            continue;
        }
        let mut room_of = |module: &String| {
            let room = room(rooms, module);
            if room.is_none() {
                found.insert(format!("{module} is in no room"));
            }
            room
        };
        let (Some(mine), Some(theirs)) = (room_of(user), room_of(used)) else {
            continue;
        };
        let how = match rooms[theirs].cmp(&rooms[mine]) {
            Ordering::Less => "above",
            Ordering::Equal if mine != theirs => "beside",
            _ => continue,
        };
        found.insert(format!("{user} uses {used}, which stands {how} it"));
    }
    found.into_iter().chain(rings(all, rooms)).collect()
}

/// The room that a module is in: the one with the longest name that its path begins with.
fn room<'a>(rooms: &'a Rooms, module: &str) -> Option<&'a str> {
    let in_room = |room: &&String| {
        let rest = module.strip_prefix(room.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let all = rooms.keys().filter(in_room);
    all.max_by_key(|room| room.len()).map(String::as_str)
}

/// The rings among the modules of one room: the floors rule out any other. A module and those within it count as one:
/// what they share stands in the outer one.
fn rings(all: &Crate, rooms: &Rooms) -> Vec<String> {
    let mut edges = BTreeSet::new();
    let in_one_room = |(user, used): &&(String, String)| room(rooms, user) == room(rooms, used);
    for (user, used) in all.uses.iter().filter(in_one_room) {
        let (user, used): (Vec<_>, Vec<_>) =
            (user.split("::").collect(), used.split("::").collect());
        let shared = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
        if shared < user.len() && shared < used.len() {
            let [user, used] = [user, used].map(|path| path[..=shared].join("::"));
            edges.insert((user, used));
        }
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (start, _) in &edges {
        if let Some(ring) = ring(&edges, start)
            && !ring.iter().any(|module| seen.contains(module))
        {
            found.push(format!("a ring: {} uses {start}", ring.join(" uses ")));
            seen.extend(ring);
        }
    }
    found
}

/// The shortest way from `start` back to it.
fn ring(edges: &BTreeSet<(String, String)>, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut reached = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for (_, used) in edges.iter().filter(|(user, _)| Some(user) == way.last()) {
                if used == start {
                    return Some(way);
                }
                if reached.insert(used.clone()) {
                    longer.push([way.as_slice(), std::slice::from_ref(used)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}
