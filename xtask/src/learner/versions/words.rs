//! Versions in words.

use std::time::{Duration, SystemTime};

use super::{Kept, Replaced, Why};
use crate::term::count;

impl Kept {
    /// How long ago it was kept at `now`, `3 minutes ago`; nothing where the time cannot be told.
    pub fn ago(&self, now: SystemTime) -> String {
        humantime::parse_rfc3339(&self.at).map_or_else(
            |_| String::new(),
            // A clock that was set back shows times that are still to come.
            |at| ago(now.duration_since(at).unwrap_or_default()),
        )
    }
}

impl Why {
    /// What was about to happen to the version when it was kept.
    pub fn text(self) -> &'static str {
        match self {
            Why::Swap => "before swap",
            Why::Reset => "before reset",
            Why::Restore => "before restore",
            Why::Found => "a runner was stopped",
            Why::Unknown => "",
        }
    }
}

impl Replaced {
    /// What became of what was there.
    pub fn text(&self) -> String {
        match &self.kept[..] {
            [] => "There was no file, so there was nothing to keep.".to_owned(),
            [one] => format!("What was there is kept as version {one}."),
            [several @ .., last] => {
                let several: Vec<_> = several.iter().map(ToString::to_string).collect();
                format!(
                    "It was saved elsewhere meanwhile: what was there is kept as versions {} and {last}.",
                    several.join(", ")
                )
            }
        }
    }
}

fn ago(since: Duration) -> String {
    let minutes = since.as_secs() / 60;
    let (n, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{} ago", count(n.try_into().unwrap_or(usize::MAX), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit() {
        for (seconds, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (3600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (86_400 * 400, "400 days ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_time_that_is_none_is_left_out() {
        let kept = Kept {
            at: "yesterday".into(),
            why: Why::Swap,
            sha256: String::new(),
            bytes: 0,
            lines: 0,
        };
        assert_eq!(kept.ago(SystemTime::now()), "");
    }
}
