//! A table from hashes to the numbers of slots.
//!
//! The hash stands beside the number, so that a look costs one line of the cache as a rule, and a table that grows reads itself only, and not
//! a place in memory for each entry. Entries lie at the place of their hash or, where that is taken, at the next one that is free; one
//! that leaves is filled by those behind it, so that nothing is left to be tidied up.

use super::region::Region;

/// Finds a slot by a hash. What else must agree is the caller's to say.
pub(super) struct Index {
    /// A power of two of places; a fourth of them is free at least.
    places: Option<Region>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    slot: u32,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { places: None, len: 0 }
    }

    /// The slot of this hash for which `is_it` holds.
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(hash, |entry| entry.hash == hash && is_it(entry.slot)).map(|(_, entry)| entry.slot)
    }

    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        if 4 * (self.len + 1) > 3 * self.places() {
            self.resize((2 * self.places()).max(LEAST));
        }
        self.put(Entry { hash, slot });
        self.len += 1;
    }

    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let Some((place, _)) = self.position(hash, |entry| entry.slot == slot) else { return };
        self.close(place);
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
        } else if self.places() > LEAST && 8 * self.len < self.places() {
            // It has to lose or win as many entries again before the next change of size: a fixed cost for each.
            self.resize(self.places() / 2);
        }
    }

    /// Lets what was found as one slot be found as another.
    pub(super) fn renumber(&mut self, hash: u32, from: u32, to: u32) {
        if let Some((place, entry)) = self.position(hash, |entry| entry.slot == from) {
            self.set(place, Some(Entry { slot: to, ..entry }));
        }
    }

    fn position(&self, hash: u32, is_it: impl Fn(Entry) -> bool) -> Option<(usize, Entry)> {
        let mask = self.places().checked_sub(1)?;
        let mut place = hash as usize & mask;
        while let Some(entry) = self.entry(place) {
            if is_it(entry) {
                return Some((place, entry));
            }
            place = (place + 1) & mask;
        }
        None
    }

    fn put(&mut self, entry: Entry) {
        let mask = self.places() - 1;
        let mut place = entry.hash as usize & mask;
        while self.entry(place).is_some() {
            place = (place + 1) & mask;
        }
        self.set(place, Some(entry));
    }

    /// Frees a place. An entry behind it that may stand there moves up, and so on, so that no search ends too early.
    fn close(&mut self, mut free: usize) {
        let mask = self.places() - 1;
        let mut place = (free + 1) & mask;
        while let Some(entry) = self.entry(place) {
            // How far it is from where it would stand if all were free.
            let distance = place.wrapping_sub(entry.hash as usize) & mask;
            if distance >= place.wrapping_sub(free) & mask {
                self.set(free, Some(entry));
                free = place;
            }
            place = (place + 1) & mask;
        }
        self.set(free, None);
    }

    fn resize(&mut self, places: usize) {
        let old = std::mem::replace(self, Self { places: Some(Region::new(places * ENTRY)), len: self.len });
        (0..old.places()).filter_map(|place| old.entry(place)).for_each(|entry| self.put(entry));
    }

    fn places(&self) -> usize {
        self.places.as_ref().map_or(0, |places| places.len() / ENTRY)
    }

    fn entry(&self, place: usize) -> Option<Entry> {
        let [hash @ .., a, b, c, d] = self.places.as_ref()?[place * ENTRY..].first_chunk::<ENTRY>()?;
        // A region is zero at first, and so is a free place.
        let slot = u32::from_le_bytes([*a, *b, *c, *d]).checked_sub(1)?;
        Some(Entry { hash: u32::from_le_bytes(*hash), slot })
    }

    fn set(&mut self, place: usize, entry: Option<Entry>) {
        let Some(places) = &mut self.places else { return };
        let (hash, slot) = entry.map_or((0, 0), |entry| (entry.hash, entry.slot + 1));
        places[place * ENTRY..][..4].copy_from_slice(&hash.to_le_bytes());
        places[place * ENTRY + 4..][..4].copy_from_slice(&slot.to_le_bytes());
    }
}

/// Bytes of an entry: the hash, and the slot's number and one.
const ENTRY: usize = 8;
/// A page of them.
const LEAST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::tests::Dice;

    #[test]
    fn slots_of_one_hash_are_told_apart() {
        let mut index = Index::new();
        index.insert(7, 1);
        index.insert(7, 2);
        assert_eq!(index.find(7, |slot| slot == 2), Some(2));
        index.renumber(7, 2, 5);
        assert_eq!((index.find(7, |slot| slot == 2), index.find(7, |slot| slot == 5)), (None, Some(5)));
        index.remove(7, 1);
        assert_eq!((index.find(7, |_| true), index.find(8, |_| true)), (Some(5), None));
    }

    /// Against a plain list, with hashes that often want one place, also at the table's end.
    #[test]
    fn it_does_what_a_plain_list_does() {
        for seed in 1..100 {
            let mut dice = Dice::new(seed);
            let (mut index, mut model) = (Index::new(), Vec::<(u32, u32)>::new());
            let spread = 1 + dice.below(40);
            for number in 0..500 {
                if model.is_empty() || dice.below(5) < 2 + u64::from(number < 250) {
                    let hash = u32::MAX.wrapping_add(dice.below(spread) as u32);
                    index.insert(hash, number);
                    model.push((hash, number));
                } else {
                    let (hash, slot) = model.swap_remove(dice.below(model.len() as u64) as usize);
                    index.remove(hash, slot);
                    assert_eq!(index.find(hash, |found| found == slot), None);
                }
                assert!(model.iter().all(|(hash, slot)| index.find(*hash, |found| found == *slot) == Some(*slot)));
                assert_eq!(index.len, model.len());
            }
        }
    }

    #[test]
    fn its_size_follows_what_is_in_it() {
        let mut index = Index::new();
        let hash = |slot: u32| slot.wrapping_mul(0x9e37_79b9);
        (0..10_000).for_each(|slot| index.insert(hash(slot), slot));
        assert!(index.places() <= 2 * 10_000);
        (100..10_000).for_each(|slot| index.remove(hash(slot), slot));
        assert!(index.places() <= LEAST.max(8 * 100));
        assert!((0..100).all(|slot| index.find(hash(slot), |found| found == slot).is_some()));
        (0..100).for_each(|slot| index.remove(hash(slot), slot));
        assert!(index.places.is_none());
    }
}
