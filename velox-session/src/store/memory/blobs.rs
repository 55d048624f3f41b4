//! Pieces of some bytes, each of one slot: what does not fit into the slot itself.
//!
//! They lie in cells of a few sizes, from 32 bytes on, four to a doubling, so that a fifth of a cell is left free at most, unless it is
//! one of the smallest; what is larger than all of them has a region of its own. One that leaves is replaced by the last one of its size: so memory follows what is in it.

use super::region::Region;
use super::slab::Slab;

/// Pieces by their places.
pub(super) struct Blobs {
    /// By size.
    cells: Vec<Slab>,
    large: Vec<Large>,
}

/// Where a piece lies. It may lie elsewhere after another one has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) class: u8,
    pub(super) number: u32,
}

struct Large {
    slot: u32,
    length: usize,
    region: Region,
}

impl Blobs {
    pub(super) fn new() -> Self {
        Self { cells: SIZES.map(|size| Slab::new(size.into())).into(), large: Vec::new() }
    }

    pub(super) fn get(&self, Place { class, number }: Place) -> &[u8] {
        match self.cells.get(usize::from(class)) {
            Some(cells) => {
                let (head, bytes) = cells.cell(number).split_at(HEAD);
                &bytes[..usize::from(u16::from_le_bytes([head[4], head[5]]))]
            }
            None => {
                let Large { length, region, .. } = &self.large[number as usize];
                &region[..*length]
            }
        }
    }

    /// Puts in the piece of a slot.
    pub(super) fn put(&mut self, slot: u32, bytes: &[u8]) -> Place {
        let class = SIZES.partition_point(|size| usize::from(*size) < HEAD + bytes.len());
        let Some(cells) = self.cells.get_mut(class) else { return self.put_large(slot, bytes) };
        let number = cells.len();
        let (head, room) = cells.push().split_at_mut(HEAD);
        head[..4].copy_from_slice(&slot.to_le_bytes());
        head[4..].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
        room[..bytes.len()].copy_from_slice(bytes);
        Place { class: class as u8, number }
    }

    /// Takes a piece out. Answers the slot of the one that lies there now, if there is one.
    pub(super) fn remove(&mut self, Place { class, number }: Place) -> Option<u32> {
        match self.cells.get_mut(usize::from(class)) {
            Some(cells) => {
                cells.swap_remove(number);
                (number < cells.len()).then(|| u32::from_le_bytes(*cells.cell(number).first_chunk().expect("a head")))
            }
            None => {
                self.large.swap_remove(number as usize);
                if self.large.is_empty() {
                    self.large = Vec::new();
                }
                self.large.get(number as usize).map(|large| large.slot)
            }
        }
    }

    /// Says that the slot of a piece has another number.
    pub(super) fn set_slot(&mut self, Place { class, number }: Place, slot: u32) {
        match self.cells.get_mut(usize::from(class)) {
            Some(cells) => cells.cell_mut(number)[..4].copy_from_slice(&slot.to_le_bytes()),
            None => self.large[number as usize].slot = slot,
        }
    }

    fn put_large(&mut self, slot: u32, bytes: &[u8]) -> Place {
        let mut region = Region::new(bytes.len());
        region[..bytes.len()].copy_from_slice(bytes);
        self.large.push(Large { slot, length: bytes.len(), region });
        Place { class: SIZES.len() as u8, number: self.large.len() as u32 - 1 }
    }
}

/// Bytes before a piece in its cell: the slot's number, and the length.
const HEAD: usize = 6;
/// From 32 bytes to 16 KiB: 32, 40, 48, 56, 64, 80, 96, 112, 128, 160 ...
const SIZES: [u16; 37] = {
    let (mut sizes, mut class) = ([0; 37], 0);
    while class < sizes.len() {
        sizes[class] = (4 + class as u16 % 4) << (3 + class / 4);
        class += 1;
    }
    sizes
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::tests::Dice;

    #[test]
    fn the_sizes_are_four_to_a_doubling() {
        assert_eq!((SIZES[..9].to_vec(), SIZES[36]), (vec![32, 40, 48, 56, 64, 80, 96, 112, 128], 16_384));
        assert!(SIZES.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= pair[0] / 4));
    }

    /// Against a plain list of pieces, as the slots do it that they belong to.
    #[test]
    fn it_does_what_a_plain_list_does() {
        for seed in 1..40 {
            let mut dice = Dice::new(seed);
            let (mut blobs, mut model) = (Blobs::new(), Vec::<(Place, Vec<u8>)>::new());
            for step in 0..300 {
                if model.is_empty() || dice.below(5) < 2 + u64::from(step < 200) {
                    let most = 1 << dice.below(16);
                    let length = dice.below(most) as usize;
                    let bytes: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
                    let place = blobs.put(model.len() as u32, &bytes);
                    model.push((place, bytes));
                } else {
                    let slot = dice.below(model.len() as u64) as usize;
                    let (place, _) = model[slot];
                    if let Some(moved) = blobs.remove(place) {
                        model[moved as usize].0 = place;
                    }
                    // The last slot takes the number of the one that left.
                    model.swap_remove(slot);
                    if let Some((place, _)) = model.get(slot) {
                        blobs.set_slot(*place, slot as u32);
                    }
                }
                assert!(model.iter().all(|(place, bytes)| blobs.get(*place) == bytes), "seed {seed}");
            }
            while let Some((place, _)) = model.pop() {
                if let Some(moved) = blobs.remove(place) {
                    model[moved as usize].0 = place;
                }
            }
            assert!(blobs.large.capacity() == 0 && blobs.cells.iter().all(|cells| cells.len() == 0));
        }
    }
}
