//! Checks JSON text thoroughly: it has to be one well-formed document without repeated keys.
//!
//! The code is the same for all types. [`keys`](super::keys) is faster and suffices if a typed
//! reader follows.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Result};

/// Checks a JSON text. Returns whether it contains an array.
///
/// # Errors
///
/// Returns 400 if the text is not one JSON document, is nested more than 128 levels deep, or has a
/// key twice in one object.
pub(crate) fn glance(text: &str) -> Result<bool> {
    let mut has_lists = false;
    let mut reader = serde_json::Deserializer::from_str(text);
    let looked = Look { has_lists: &mut has_lists }.deserialize(&mut reader).and_then(|()| reader.end());
    looked.map_or_else(|error| Err(Error::malformed(&error)), |()| Ok(has_lists))
}

struct Look<'a> {
    has_lists: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        *self.has_lists = true;
        while list.next_element_seed(Look { has_lists: &mut *self.has_lists })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = ObjectKeys::default();
        while let Some(Key(key)) = map.next_key()? {
            if !keys.insert(key) {
                return Err(de::Error::custom("repeated key"));
            }
            map.next_value_seed(Look { has_lists: &mut *self.has_lists })?;
        }
        Ok(())
    }
}

/// The keys of one object. A few keys are compared one by one, and many are hashed.
#[derive(Default)]
struct ObjectKeys<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> ObjectKeys<'de> {
    /// Adds a key. Returns whether it is new.
    fn insert(&mut self, key: Cow<'de, str>) -> bool {
        if self.many.is_empty() && self.few.len() < FEW {
            let new = !self.few.contains(&key);
            self.few.push(key);
            return new;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(key)
    }
}

const FEW: usize = 16;

/// A key, borrowed from the text unless it contains an escape.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        glance(text).expect_err("refused").message().to_owned()
    }

    #[test]
    fn sees_lists() {
        for (text, has_lists) in [(r#"{"a":1}"#, false), (r#" {"a":{"b":[]}}"#, true), ("[]", true), ("7", false)] {
            assert_eq!(glance(text).expect("good"), has_lists, "{text}");
        }
    }

    #[test]
    fn refuses_repeated_keys_at_every_depth_and_in_any_spelling() {
        for text in [r#"{"a":1,"a":2}"#, r#"{"x":[{"a":1,"b":2,"a":3}]}"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(refused(text), "The request body has a repeated key", "{text}");
        }
        let many: Vec<_> = (0..100).map(|n| format!("\"k{n}\":0")).collect();
        assert!(glance(&format!("{{{}}}", many.join(","))).is_ok());
        assert!(glance(&format!("{{{},\"k3\":0}}", many.join(","))).is_err());
    }

    #[test]
    fn refuses_anything_but_one_document() {
        for text in ["", "{", "{}{}", "{} x", "{\"a\":}", "nul", "{'a':1}", "[1,]", "1e999"] {
            assert!(refused(text).starts_with("The request body is not valid JSON"), "{text}");
        }
    }

    #[test]
    fn refuses_deep_nesting() {
        assert!(glance(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_ok());
        assert!(glance(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
    }
}
