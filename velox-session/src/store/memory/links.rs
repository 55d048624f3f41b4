//! What ties slots into lists: for each slot its neighbours, and a number that whoever keeps the lists knows it by.

use super::slab::Slab;

/// The link of each slot, under its number.
pub(super) struct Links(Slab);

/// A slot's place in a list. What stands for the end of one, the list's keeper says.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) before: u32,
    pub(super) after: u32,
    pub(super) tag: u64,
}

impl Links {
    pub(super) fn new() -> Self {
        Self(Slab::new(SIZE))
    }

    pub(super) fn len(&self) -> u32 {
        self.0.len()
    }

    /// Adds the link of the next slot.
    pub(super) fn push(&mut self, link: Link) {
        self.0.push().copy_from_slice(&link.bytes());
    }

    /// Takes out a link. The last one takes its number; its neighbours are to be told.
    pub(super) fn swap_remove(&mut self, slot: u32) {
        self.0.swap_remove(slot);
    }

    pub(super) fn get(&self, slot: u32) -> Link {
        let cell = self.0.cell(slot).first_chunk::<SIZE>();
        let [a, b, c, d, e, f, g, h, tag @ ..] = *cell.expect("that is the size of a cell");
        let (before, after) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        Link { before, after, tag: u64::from_le_bytes(tag) }
    }

    pub(super) fn set(&mut self, slot: u32, link: Link) {
        self.0.cell_mut(slot).copy_from_slice(&link.bytes());
    }

    pub(super) fn set_before(&mut self, slot: u32, before: u32) {
        self.set(slot, Link { before, ..self.get(slot) });
    }

    pub(super) fn set_after(&mut self, slot: u32, after: u32) {
        self.set(slot, Link { after, ..self.get(slot) });
    }
}

impl Link {
    fn bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..4].copy_from_slice(&self.before.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.after.to_le_bytes());
        bytes[8..].copy_from_slice(&self.tag.to_le_bytes());
        bytes
    }
}

const SIZE: usize = 16;
