//! Where in an input an issue is: `lineItems[1].qty`, the root as the empty text.

use std::fmt::Write as _;

/// Appends a key. Keys of maps are the caller's, so what is repeated of one is bounded.
pub(super) fn push_key(text: &mut String, key: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    text.push_str(&bounded(key));
}

pub(super) fn push_index(text: &mut String, index: usize) {
    write!(text, "[{index}]").expect("writing to a string does not fail");
}

/// A caller's key, cut to [`KEY_CHARS`].
pub(super) fn bounded(key: &str) -> String {
    match key.char_indices().nth(KEY_CHARS) {
        None => key.to_owned(),
        Some((end, _)) => format!("{}…", &key[..end]),
    }
}

const KEY_CHARS: usize = 64;
