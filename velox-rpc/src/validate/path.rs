//! The path of an issue inside an input, for example `lineItems[1].qty`. The path of the root is
//! empty.

use std::fmt::Write as _;

/// Appends a key. The client chooses the keys of a map, so a key is cut to a bounded length.
pub(super) fn push_key(text: &mut String, key: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    text.push_str(&bounded(key));
}

pub(super) fn push_index(text: &mut String, index: usize) {
    write!(text, "[{index}]").expect("writing to a string does not fail");
}

/// Cuts a client's key to [`KEY_CHARS`].
pub(super) fn bounded(key: &str) -> String {
    match key.char_indices().nth(KEY_CHARS) {
        None => key.to_owned(),
        Some((end, _)) => format!("{}…", &key[..end]),
    }
}

const KEY_CHARS: usize = 64;
