//! `PROMISES.md` says what shows each promise about sessions. This looks whether it is all there.

use std::fs;
use std::path::Path;

/// Every promise that is owed, by its letter and how many there are of it; and those that came in between, each with the one before.
const OWED: [(&str, usize); 9] =
    [("A", 17), ("B", 7), ("C", 13), ("F", 12), ("E", 9), ("G", 5), ("S", 14), ("L", 7), ("X", 4)];

/// Those that are owed without the others of their letter.
const SINGLE: [&str; 10] = ["H5", "H7", "H8a", "H11", "H14", "H15", "H24", "T1", "T2", "T3"];

const BETWEEN: [(&str, &str); 3] = [("C5", "C5a"), ("F7", "F7a"), ("S14", "L0")];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}

fn table() -> String {
    fs::read_to_string(workspace().join("tests/PROMISES.md")).expect("the table")
}

/// What stands between backticks in a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_promise_is_shown_by_something() {
    let table = table();
    let mut shown = Vec::new();
    for entry in table.split("\n- **").skip(1) {
        let (row, rest) = entry.split_once("**").expect("a name");
        assert!(rest.lines().any(|line| line.starts_with("  - `")), "nothing shows {row}");
        shown.push(row.to_owned());
    }
    let rows = OWED.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")));
    let owed: Vec<_> = rows
        .flat_map(|row| {
            let after = BETWEEN.iter().find(|(before, _)| *before == row).map(|(_, name)| (*name).to_owned());
            [row].into_iter().chain(after)
        })
        .chain(SINGLE.map(str::to_owned))
        .collect();
    assert_eq!(shown, owed);
}

#[test]
fn every_test_that_is_named_is_there() {
    let table = table();
    for line in table.lines().filter(|line| line.starts_with("  - ")) {
        let words = quoted(line);
        let file = workspace().join(words[0]);
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{line}: {error}"));
        // A file without a test is a measurement.
        assert_eq!(words.len() == 1, words[0].starts_with("tests/measure/"), "{line}");
        let Some(name) = words.get(1) else { continue };
        let before = text.split(&format!("fn {name}(")).next().filter(|before| before.len() < text.len());
        let attributes = before.unwrap_or_else(|| panic!("no such test:{line}"));
        let last: Vec<_> = attributes.lines().rev().take(3).collect();
        assert!(last.iter().any(|line| line.contains("test")), "not a test:{line}");
    }
}
