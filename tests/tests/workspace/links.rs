//! Tests that every link in the Markdown files has a target in a viewer of the repository. The
//! links of the guides also have one in rustdoc, where `links.md` precedes each guide.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace").to_owned()
}

fn docs() -> PathBuf {
    workspace().join("velox-session/src/docs")
}

/// The guides, without the definitions for rustdoc.
fn guides() -> impl Iterator<Item = PathBuf> {
    markdown(&docs()).into_iter().filter(|file| !file.ends_with("links.md"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the workspace");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
}

/// A link as a page shows it. The destination of a reference without a definition is `undefined`.
#[derive(PartialEq, Debug)]
struct Link {
    text: String,
    to: String,
}

/// Reads the links of a text, and the anchors of its headings.
fn links_and_anchors(text: &str) -> (Vec<Link>, Vec<String>) {
    let undefined = |_: BrokenLink<'_>| Some((CowStr::from("undefined"), CowStr::from("")));
    let (mut links, mut anchors) = (Vec::new(), Vec::new());
    let (mut open, mut shown): (Option<String>, String) = (None, String::new());
    for event in Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES, Some(undefined)) {
        match event {
            Event::Start(Tag::Heading { .. }) => shown.clear(),
            Event::Start(Tag::Link { dest_url: to, .. } | Tag::Image { dest_url: to, .. }) => {
                open = Some(to.into_string());
                shown.clear();
            }
            Event::Text(text) | Event::Code(text) => shown.push_str(&text),
            Event::SoftBreak => shown.push(' '),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                links.push(Link { text: shown.clone(), to: open.take().expect("a link that began") });
            }
            Event::End(TagEnd::Heading(_)) => anchors.push(anchor(&shown)),
            _ => {}
        }
    }
    (links, anchors)
}

/// Returns the anchor that GitHub and rustdoc make for a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// Returns the fault of a link in a file, for a viewer of the repository.
fn fault(file: &Path, to: &str) -> Option<&'static str> {
    if to.starts_with("https://") || to.starts_with("http://") {
        return None;
    }
    let (path, wanted) = to.split_once('#').map_or((to, None), |(path, anchor)| (path, Some(anchor)));
    let target =
        if path.is_empty() { file.to_owned() } else { file.parent().expect("a file is in a folder").join(path) };
    if !target.exists() {
        return Some("no such file");
    }
    let found = wanted.is_none_or(|wanted| links_and_anchors(&read(&target)).1.iter().any(|anchor| anchor == wanted));
    (!found).then_some("no such heading")
}

#[test]
fn links_lead_somewhere_in_the_repository() {
    let root = workspace();
    let crates = ["velox-rpc", "velox-rpc-macros", "velox-session"].map(|name| root.join(name).join("README.md"));
    let mut faults = Vec::new();
    for file in markdown(&root).into_iter().chain(crates).chain(guides()) {
        for link in links_and_anchors(&read(&file)).0 {
            if let Some(fault) = fault(&file, &link.to) {
                faults.push(format!("{}: {link:?}: {fault}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// In rustdoc, a link to a guide leads to its module, and a link to a source file leads to an item.
#[test]
fn links_of_guides_lead_to_the_same_place_in_rustdoc() {
    let definitions = read(&docs().join("links.md"));
    for file in guides() {
        let text = read(&file);
        let here = links_and_anchors(&text).0;
        let rustdoc = links_and_anchors(&format!("{definitions}\n{text}")).0;
        assert_eq!(here.len(), rustdoc.len(), "{}", file.display());
        for (here, rustdoc) in here.into_iter().zip(rustdoc) {
            let same = match here.to.split_once(".md") {
                _ if here.to.starts_with("http") || here.to.starts_with('#') => rustdoc == here,
                Some((guide, anchor)) => rustdoc.to == format!("mod@{}{anchor}", guide.replace('-', "_")),
                None => rustdoc.to.contains("::"),
            };
            assert!(same, "{}: {here:?} is {rustdoc:?} in rustdoc", file.display());
        }
    }
}

#[test]
fn every_link_for_rustdoc_is_in_a_guide() {
    let texts = guides().map(|file| read(&file)).collect::<Vec<_>>().join("\n");
    for line in read(&docs().join("links.md")).lines() {
        let (label, _) = line.split_once(": ").expect("a definition");
        assert!(texts.contains(&format!("\n{label}: ")), "no guide defines {label}");
    }
}

#[test]
fn a_dead_link_is_found() {
    let file = docs().join("errors.md");
    assert_eq!(fault(&file, "crate::Session"), Some("no such file"));
    assert_eq!(fault(&file, "undefined"), Some("no such file"));
    assert_eq!(fault(&file, "nowhere.md"), Some("no such file"));
    assert_eq!(fault(&file, "#nowhere"), Some("no such heading"));
    assert_eq!(fault(&file, "errors.md#error-responses"), None);
    let (links, _) = links_and_anchors("[`Session`] and [a\nb](crate::B)");
    let link = |text: &str, to: &str| Link { text: text.to_owned(), to: to.to_owned() };
    assert_eq!(links, [link("Session", "undefined"), link("a b", "crate::B")]);
}
