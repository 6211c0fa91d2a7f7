//! `cargo xtask book`: the course as a site that a browser reads from the disk.

use anyhow::Result;

use super::Exit;
use super::verify::say;
use crate::book::{Came, Explore, SITE, write};
use crate::run::Runner;
use crate::term::{self, BAD, GOOD, Marks, count, paint};
use crate::view::{paragraph, row, signed};

/// How mdBook is installed.
pub const INSTALL: &str = "cargo install --locked mdbook";

/// What the site has.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// With pages of the explorer, which are built one by one: by default those of the challenges
    #[arg(
        long,
        value_name = "WHICH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "challenges"
    )]
    explore: Option<Explore>,
}

/// Writes the site, or says what keeps it from being written.
pub fn run(runner: &Runner, options: &Options) -> Result<Exit> {
    let marks = Marks::of_locale();
    let mut text = String::new();
    let came = write(runner, options.explore, say)?;
    let exit = Exit::success_if(matches!(came, Came::Site(..)));
    match came {
        Came::Site(pages, explored) => {
            let mut what = count(pages, "page");
            if explored > 0 {
                what += &format!(", {} of the explorer's", explored);
            }
            signed(&mut text, &paint(GOOD, marks.good), &format!("The course as a site: {what}."));
            if explored == 0 {
                paragraph(
                    &mut text,
                    "With --explore, each lesson's challenge can be played in it.",
                );
            }
            text.push('\n');
            row(&mut text, "Site", SITE);
        }
        Came::Broken(links) => {
            for link in &links {
                signed(&mut text, &paint(BAD, marks.bad), link);
            }
        }
        Came::NoTool => {
            let what = "The site is made by mdBook, which is not installed.";
            signed(&mut text, &paint(BAD, marks.bad), what);
            text.push('\n');
            row(&mut text, "Type", INSTALL);
        }
    }
    term::print(&text);
    Ok(exit)
}
