//! A quick look at JSON text: is a key there twice in one object, and is there an array anywhere?
//!
//! serde reads the fields that it knows and skips the rest, so that a key repeated among the rest, or inside a map, would
//! pass unseen; and it reads an array as a struct. This look runs over the bytes once, without building anything, before the
//! typed reader. It takes for granted that the text is JSON, which the typed reader finds out right after; where it is not sure
//! it says so, and [`glance`](super::json::glance) looks again, thoroughly.

use std::ops::Range;

/// What the quick look saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// If this is JSON, then no object in it has a key twice.
    Distinct {
        /// Whether there is an array.
        has_lists: bool,
    },
    /// A key is there twice, or is written with an escape, or there are many, or the nesting is deep.
    Unsure,
}

/// Looks through a text.
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

/// Where the string that begins at `at` ends.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The objects and arrays that are open at some place, and the keys seen in those objects. All of it stands on the stack.
struct Open<'a> {
    bytes: &'a [u8],
    /// Where the keys stand, in order.
    keys: [Range<usize>; FEW],
    count: usize,
    /// For each level how many keys were seen before it, and whether it is an object.
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

    /// Whether it is still to be followed.
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

    /// Whether the key is new for sure.
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

/// How many keys are followed, over all open objects.
const FEW: usize = 24;
/// How deep nesting is followed; serde_json's own limit is 128.
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
    fn the_same_key_in_two_objects_is_none_twice() {
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
        /// What the quick look is sure of, the thorough one finds too.
        #[test]
        fn agrees_with_the_thorough_look(value in json()) {
            let text = value.to_string();
            if let Keys::Distinct { has_lists } = look(&text) {
                prop_assert_eq!(glance(&text).expect("good JSON").has_lists, has_lists);
            }
        }

        /// A document with one more key, which may be there already.
        #[test]
        fn never_misses_a_repeated_key(value in json(), key in "[ab]{0,2}") {
            let text = format!(r#"{{"{key}":{value},"{key}":{value}}}"#);
            prop_assert_eq!(look(&text), Keys::Unsure);
        }

        #[test]
        fn takes_any_text(text in ".{0,200}") {
            let _ = look(&text);
        }
    }
}
