//! Checks JSON text quickly: whether an object has the same key twice, and whether there is an
//! array.
//!
//! serde skips unknown fields, so it would not notice a key that is repeated among them or in a
//! map. It also reads an array as a struct. This check runs before the typed reader, in one pass
//! over the bytes and without building anything. It assumes that the text is JSON, which the typed
//! reader verifies afterwards. If it is not sure, [`glance`](super::json::glance) repeats the check
//! thoroughly.

use std::ops::Range;

use memchr::memchr2;

/// The result of the quick check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// If the text is JSON, no object in it has a key twice.
    Distinct {
        /// `true` if the text contains an array.
        has_lists: bool,
    },
    /// The check cannot tell: a key is repeated or contains an escape, there are many keys, or the
    /// nesting is deep.
    Unsure,
}

/// Checks a text.
pub(crate) fn look(text: &str) -> Keys {
    let bytes = text.as_bytes();
    let mut open = Open::new(bytes);
    let mut has_lists = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let Some(end) = end_of_string(bytes, at) else { return Keys::Unsure };
                if open.wants_key && !open.take(at..end) {
                    return Keys::Unsure;
                }
                at = end + 1;
            }
            b',' => open.wants_key = open.in_object(),
            b'{' | b'[' => {
                has_lists |= byte == b'[';
                if !open.enter(byte == b'{') {
                    return Keys::Unsure;
                }
            }
            b'}' | b']' => open.leave(),
            _ => {}
        }
    }
    Keys::Distinct { has_lists }
}

/// Returns the end of the string that begins at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// The open objects and arrays at the current position, and the keys of those objects. It needs no
/// heap.
struct Open<'a> {
    bytes: &'a [u8],
    /// The positions of the keys, in order.
    keys: [Range<usize>; FEW],
    count: usize,
    /// For each level, the number of keys before it and whether it is an object.
    levels: [(u8, bool); MAX_DEPTH],
    depth: usize,
    wants_key: bool,
}

impl<'a> Open<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let keys = [const { 0..0 }; FEW];
        Self { bytes, keys, count: 0, levels: [(0, false); MAX_DEPTH], depth: 0, wants_key: false }
    }

    fn in_object(&self) -> bool {
        self.depth > 0 && self.levels[self.depth - 1].1
    }

    /// Enters an object or array. Returns `false` if the nesting is too deep to follow.
    fn enter(&mut self, is_object: bool) -> bool {
        let Some(level) = self.levels.get_mut(self.depth) else { return false };
        *level = (self.count as u8, is_object);
        self.depth += 1;
        self.wants_key = is_object;
        true
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.count = usize::from(self.levels[self.depth].0);
        self.wants_key = false;
    }

    /// Adds a key. Returns whether it is certainly new.
    fn take(&mut self, place: Range<usize>) -> bool {
        self.wants_key = false;
        if self.count == FEW {
            return false;
        }
        let before = usize::from(self.levels[self.depth - 1].0);
        let key = &self.bytes[place.clone()];
        let is_seen = self.keys[before..self.count].iter().any(|seen| self.bytes[seen.clone()] == *key);
        self.keys[self.count] = place;
        self.count += 1;
        !is_seen && !key.contains(&b'\\')
    }
}

/// The maximum number of keys that are tracked, over all open objects.
const FEW: usize = 24;
/// The maximum depth that is tracked. The limit of serde_json is 128.
const MAX_DEPTH: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::wire::json::glance;

    #[test]
    fn sees_repeated_keys_at_every_depth() {
        for text in [r#"{"a":1,"a":2}"#, r#"{"x":[{"a":1,"b":2,"a":3}]}"#, r#"{"b":{"a":{}},"c":[],"b":0}"#] {
            assert_eq!(look(text), Keys::Unsure, "{text}");
        }
    }

    #[test]
    fn the_same_key_in_two_objects_is_not_repeated() {
        for text in [r#"{"a":{"a":1},"b":{"a":2}}"#, r#"{"a":"a","b":"a"}"#, r#"{"a\u0062":"x","c":"\",\"c\":"}"#] {
            let sure = look(text);
            assert!(glance(text).is_ok(), "{text}");
            if !text.contains("a\\u") {
                assert_eq!(sure, Keys::Distinct { has_lists: false }, "{text}");
            }
        }
    }

    #[test]
    fn is_unsure_of_escapes_of_many_keys_and_of_depth() {
        assert_eq!(look(r#"{"a":1,"\u0061":2}"#), Keys::Unsure);
        let many: Vec<_> = (0..100).map(|n| format!("\"k{n}\":0")).collect();
        assert_eq!(look(&format!("{{{}}}", many.join(","))), Keys::Unsure);
        assert_eq!(look(&"[".repeat(100_000)), Keys::Unsure);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            r#"[a-c"\\{}\[\]:,é]{0,4}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((r#"[ab"\\]{0,2}"#, inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// If the quick check is sure, the thorough check agrees.
        #[test]
        fn agrees_with_the_thorough_check(value in json()) {
            let text = value.to_string();
            if let Keys::Distinct { has_lists } = look(&text) {
                prop_assert_eq!(glance(&text).expect("good JSON"), has_lists);
            }
        }

        /// The document contains the same key twice.
        #[test]
        fn never_misses_a_repeated_key(value in json(), key in "[ab]{0,2}") {
            let text = format!(r#"{{"{key}":{value},"{key}":{value}}}"#);
            prop_assert_eq!(look(&text), Keys::Unsure);
        }

        #[test]
        fn accepts_any_text(text in ".{0,200}") {
            let _ = look(&text);
        }
    }
}
