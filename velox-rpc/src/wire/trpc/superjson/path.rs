//! Parses superjson's paths to values. A path is a list of keys with dots between them. Within a
//! key, `\.` is a dot and `\\` is a backslash.

/// Returns the keys of a path, or `None` if the path is malformed.
pub(super) fn parse(path: &str, is_legacy: bool) -> Option<Vec<String>> {
    let (mut keys, mut key) = (Vec::new(), String::new());
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some('.')) => key.extend(letters.next()),
            ('\\', Some('\\')) if !is_legacy => key.extend(letters.next()),
            ('\\', _) if !is_legacy => return None,
            ('.', _) => keys.push(std::mem::take(&mut key)),
            (other, _) => key.push(other),
        }
    }
    keys.push(key);
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn paths_are_parsed_like_superjson() {
        for (path, keys) in [
            ("a", vec!["a"]),
            ("a.0.b", vec!["a", "0", "b"]),
            (r"a\.b.c", vec!["a.b", "c"]),
            (r"c\\d", vec![r"c\d"]),
            (r"c\\.d", vec![r"c\", "d"]),
            ("", vec![""]),
            ("a.", vec!["a", ""]),
        ] {
            assert_eq!(parse(path, false).expect("a path"), keys, "{path}");
        }
        assert_eq!(parse(r"a\b", false), None);
        assert_eq!(parse(r"a\", false), None);
    }

    #[test]
    fn before_version_two_a_backslash_was_an_ordinary_character() {
        assert_eq!(parse(r"a\b.c\.d", true).expect("a path"), [r"a\b", "c.d"]);
    }
}
