//! The page: a template, with style, script and data put in. It fetches nothing, so a browser opens it from the disk.

use std::fmt::Write;

use anyhow::{Result, ensure};
use hmac_sha256::Hash;

use super::data::Explored;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The page of what a model explored.
pub fn page(explored: &Explored) -> Result<String> {
    let data = harmless(&serde_json::to_string(explored)?);
    let title = format!("{} · {}", explored.test, explored.lesson);
    fill(
        TEMPLATE,
        &[
            ("/*TITLE*/", &escaped(&title)),
            ("/*STYLE-HASH*/", &hash(STYLE)),
            ("/*SCRIPT-HASH*/", &hash(SCRIPT)),
            ("/*STYLE*/", STYLE),
            ("/*SCRIPT*/", SCRIPT),
            ("/*DATA*/", &data),
        ],
    )
}

/// JSON in which nothing looks like markup, so that it can stand in a script element whatever its texts say.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Text that stands between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The template with these texts in the places of their marks. What is put in is not looked at again, so it may have a mark
/// in it.
fn fill(template: &str, texts: &[(&str, &str)]) -> Result<String> {
    let mut page = String::new();
    let mut rest = template;
    let next = |rest: &str| {
        let all = texts.iter().filter_map(|(mark, text)| Some((rest.find(mark)?, *mark, *text)));
        all.min_by_key(|(at, ..)| *at)
    };
    while let Some((at, mark, text)) = next(rest) {
        page.push_str(&rest[..at]);
        page.push_str(text);
        rest = &rest[at + mark.len()..];
    }
    page.push_str(rest);
    for mark in ["/*STYLE*/", "/*SCRIPT*/", "/*DATA*/"] {
        ensure!(template.contains(mark), "the page has no place for {mark}");
    }
    Ok(page)
}

/// What a Content-Security-Policy calls a script or a style: its SHA-256 in base64.
fn hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("sha256-");
    for three in Hash::hash(text.as_bytes()).chunks(3) {
        let mut bits = [0; 3];
        bits[..three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            let digit = if digit <= three.len() { char::from(DIGITS[value as usize]) } else { '=' };
            let _ = write!(out, "{digit}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let texts = [("/*STYLE*/", "a/*DATA*/"), ("/*SCRIPT*/", "b"), ("/*DATA*/", "c/*SCRIPT*/")];
        let page = fill("1/*STYLE*/2/*DATA*/3/*SCRIPT*/4", &texts).expect("whole");
        assert_eq!(page, "1a/*DATA*/2c/*SCRIPT*/3b4");
        assert!(fill("/*STYLE*/", &texts).is_err());
    }

    #[test]
    fn no_text_of_the_data_is_markup() {
        let text = "</script><script>alert(1)</script> <!-- & ]]>";
        let json = harmless(&serde_json::to_string(text).expect("JSON"));
        assert!(!json.contains(['<', '>', '&']), "{json}");
        let read: String = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read, text);
    }

    #[test]
    fn a_hash_is_what_browsers_compute() {
        // From the SHA-256 of nothing, which is well known.
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn the_template_is_whole() {
        let marks = ["/*STYLE*/", "/*SCRIPT*/", "/*DATA*/"];
        for mark in marks {
            assert_eq!(TEMPLATE.matches(mark).count(), 1, "{mark}");
        }
        // What ends an element would end it too early.
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</script"));
    }
}
