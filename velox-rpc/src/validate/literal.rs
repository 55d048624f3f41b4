//! Patterns that are plain texts: what schemars makes of validator's `contains`.

/// The text that `pattern` looks for, if it is an escaped text and nothing more.
pub(super) fn literal_text(pattern: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                // A letter or digit after a backslash is a class or an anchor.
                Some(escaped) if !escaped.is_alphanumeric() && escaped.is_ascii() => text.push(escaped),
                _ => return None,
            },
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                return None;
            }
            plain => text.push(plain),
        }
    }
    Some(text)
}
