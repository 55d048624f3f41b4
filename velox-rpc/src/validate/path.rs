//! Where in an input an issue is: `lineItems[1].qty`, the root as the empty text.

use std::fmt::Write as _;

/// Appends a key. Keys of maps are the caller's, so what is repeated of one is bounded.
pub(super) fn push_key(text: &mut String, key: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    push_bounded(text, key);
}

pub(super) fn push_index(text: &mut String, index: usize) {
    write!(text, "[{index}]").expect("writing to a string does not fail");
}

/// Appends a caller's key, cut to [`KEY_CHARS`].
pub(super) fn push_bounded(text: &mut String, key: &str) {
    match key.char_indices().nth(KEY_CHARS) {
        None => text.push_str(key),
        Some((end, _)) => {
            text.push_str(&key[..end]);
            text.push('…');
        }
    }
}

const KEY_CHARS: usize = 64;
