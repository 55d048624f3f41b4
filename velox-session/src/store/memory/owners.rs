//! Whose slot each is: for every user, a list of the slots, and a table that finds its first one.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZero;

use super::index::Index;
use super::links::{Link, Links};

/// Knows the slots of each owner. Slots have the numbers 0 up to the length, without holes.
pub(super) struct Owners {
    /// Users may choose their ids, so that only a hash with a key of its own keeps them from choosing one place in the table.
    hasher: RandomState,
    /// The first slot of each list.
    firsts: Index,
    /// The tag is the owner's mark, or zero.
    links: Links,
}

/// A user under a cookie name: the name's number, which is not zero, and a hash of both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    name: NonZero<u32>,
    hash: u32,
}

impl Mark {
    fn tag(self) -> u64 {
        u64::from(self.name.get()) << 32 | u64::from(self.hash)
    }

    fn of(tag: u64) -> Option<Self> {
        let name = NonZero::new((tag >> 32) as u32)?;
        Some(Self { name, hash: tag as u32 })
    }
}

impl Owners {
    pub(super) fn new() -> Self {
        Self { hasher: RandomState::new(), firsts: Index::new(), links: Links::new() }
    }

    pub(super) fn mark(&self, name: NonZero<u32>, user: &[u8]) -> Mark {
        // Half of the bits do: what they do not tell apart, the ids do.
        Mark { name, hash: self.hasher.hash_one((name, user)) as u32 }
    }

    /// The first slot of an owner; `is_theirs` compares the user's id.
    pub(super) fn first(&self, owner: Mark, is_theirs: impl Fn(u32) -> bool) -> Option<u32> {
        self.firsts.find(owner.hash, |slot| self.links.get(slot).tag == owner.tag() && is_theirs(slot))
    }

    /// The next slot of the same owner.
    pub(super) fn after(&self, slot: u32) -> Option<u32> {
        Some(self.links.get(slot).after).filter(|after| *after != NONE)
    }

    /// Adds the next slot, which is nobody's.
    pub(super) fn push(&mut self) {
        self.links.push(Link { before: NONE, after: NONE, tag: 0 });
    }

    /// Gives a slot to an owner, or to nobody; `is_theirs` compares the user's id.
    pub(super) fn set(&mut self, slot: u32, owner: Option<Mark>, is_theirs: impl Fn(u32) -> bool) {
        self.unlink(slot);
        let first = owner.and_then(|owner| self.first(owner, is_theirs));
        let second = first.map_or(NONE, |first| self.links.get(first).after);
        let link = Link { before: first.unwrap_or(NONE), after: second, tag: owner.map_or(0, Mark::tag) };
        self.links.set(slot, link);
        match (owner, first) {
            // Second in line, so that the table keeps what it has.
            (_, Some(first)) => {
                self.links.set_after(first, slot);
                self.set_before(second, slot);
            }
            (Some(owner), None) => self.firsts.insert(owner.hash, slot),
            (None, None) => {}
        }
    }

    /// Takes out a slot. The last one takes its number.
    pub(super) fn remove(&mut self, slot: u32) {
        self.unlink(slot);
        self.links.swap_remove(slot);
        let last = self.links.len();
        if slot < last {
            let Link { before, after, tag } = self.links.get(slot);
            match Mark::of(tag) {
                Some(owner) if before == NONE => self.firsts.renumber(owner.hash, last, slot),
                Some(_) => self.links.set_after(before, slot),
                None => {}
            }
            self.set_before(after, slot);
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Link { before, after, tag } = self.links.get(slot);
        match Mark::of(tag) {
            Some(owner) if before == NONE && after == NONE => self.firsts.remove(owner.hash, slot),
            Some(owner) if before == NONE => self.firsts.renumber(owner.hash, slot, after),
            Some(_) => self.links.set_after(before, after),
            None => {}
        }
        self.set_before(after, before);
    }

    fn set_before(&mut self, slot: u32, before: u32) {
        if slot != NONE {
            self.links.set_before(slot, before);
        }
    }
}

const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::tests::Dice;

    const NAME: NonZero<u32> = NonZero::<u32>::MIN;

    fn listed(owners: &Owners, users: &[Option<u64>], user: u64) -> Vec<u32> {
        let mark = owners.mark(NAME, user.to_string().as_bytes());
        let mut next = owners.first(mark, |slot| users[slot as usize] == Some(user));
        let mut slots = Vec::new();
        while let Some(slot) = next {
            slots.push(slot);
            next = owners.after(slot);
        }
        slots.sort_unstable();
        slots
    }

    /// Against a list of users, through all that can be done.
    #[test]
    fn it_does_what_a_plain_list_does() {
        for seed in 1..100 {
            let mut dice = Dice::new(seed);
            let (mut owners, mut users) = (Owners::new(), Vec::<Option<u64>>::new());
            for _ in 0..300 {
                let act = if users.is_empty() { 0 } else { dice.below(4) };
                let mut slot = dice.below(users.len().max(1) as u64) as u32;
                if act == 1 {
                    owners.remove(slot);
                    users.swap_remove(slot as usize);
                } else {
                    if act == 0 {
                        slot = users.len() as u32;
                        owners.push();
                        users.push(None);
                    }
                    let user = Some(dice.below(5)).filter(|user| *user > 0);
                    users[slot as usize] = user;
                    let mark = user.map(|user| owners.mark(NAME, user.to_string().as_bytes()));
                    owners.set(slot, mark, |other| users[other as usize] == user);
                }
                for user in 1..5 {
                    let has = |slot: &u32| users[*slot as usize] == Some(user);
                    let expected: Vec<_> = (0..users.len() as u32).filter(has).collect();
                    assert_eq!(listed(&owners, &users, user), expected, "seed {seed}");
                }
            }
        }
    }
}
