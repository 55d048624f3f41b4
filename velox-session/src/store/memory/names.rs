//! The cookie names whose sessions a shard holds: as many as there are managers on the store, so one or a few.

use std::num::NonZero;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Cookie names, numbered.
pub(super) struct Names(Vec<Name>);

/// A cookie name, and what tells its sessions from those of other names.
pub(super) struct Name {
    text: Arc<str>,
    number: NonZero<u32>,
    mask: Mark,
}

/// What a slot is known by: the hash of its id, mixed with a hash of the cookie name. So one id under two names has two
/// slots, and a slot needs no room for the name. Two of different names are equal if their hashes differ by exactly the
/// difference of the masks: as likely as a collision of SHA-256 itself, and nobody chooses the ids, which we draw.
pub(super) type Mark = [u8; 32];

impl Names {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// The name of this text, a new one if need be.
    pub(super) fn name(&mut self, text: &Arc<str>) -> &Name {
        let place = self.0.iter().position(|name| *name.text == **text).unwrap_or_else(|| {
            let number = u32::try_from(self.0.len() + 1).ok().and_then(NonZero::new).expect("there are few names");
            self.0.push(Name { text: Arc::clone(text), number, mask: Sha256::digest(text.as_bytes()).into() });
            self.0.len() - 1
        });
        &self.0[place]
    }

    /// The name of this text, if it has come before.
    pub(super) fn find(&self, text: &str) -> Option<&Name> {
        self.0.iter().find(|name| *name.text == *text)
    }
}

impl Name {
    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub(super) fn number(&self) -> NonZero<u32> {
        self.number
    }

    /// The mark of an id's hash under this name; of a mark, the hash.
    pub(super) fn mix(&self, mut mark: Mark) -> Mark {
        mark.iter_mut().zip(&self.mask).for_each(|(byte, mask)| *byte ^= mask);
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::new();
        assert!(names.find("session").is_none());
        let mut number = |text: &str| names.name(&text.into()).number().get();
        assert_eq!((number("session"), number("short"), number("session")), (1, 2, 1));
    }

    #[test]
    fn one_hash_has_a_mark_under_each_name() {
        let mut names = Names::new();
        let one = names.name(&"session".into()).mix([7; 32]);
        assert_ne!(one, names.name(&"short".into()).mix([7; 32]));
        assert_eq!(names.find("session").expect("it has come").mix(one), [7; 32]);
    }
}
