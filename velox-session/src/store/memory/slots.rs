//! The records of a shard, by number: each in a slot, and beside the slots what does not fit into one.

use std::sync::Arc;

use super::blobs::Blobs;
use super::names::Mark;
use super::slab::Slab;
use super::slot::{self, Cell, Holds, Slot};
use crate::record::{Block, Content, Record, user_id};

/// Records under dense numbers.
pub(super) struct Slots {
    cells: Slab,
    beside: Blobs,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { cells: Slab::new(size_of::<Cell>()), beside: Blobs::new() }
    }

    pub(super) fn len(&self) -> u32 {
        self.cells.len()
    }

    pub(super) fn slot(&self, number: u32) -> Slot<'_> {
        Slot::of(self.cells.cell(number).first_chunk().expect("that is the size of a cell"))
    }

    pub(super) fn record(&self, number: u32) -> Record {
        let slot = self.slot(number);
        let content = match slot.holds() {
            Holds::Nobody => Content::new(slot.created_at()),
            Holds::User(block) => Content::of_user(Block::from_bytes(block), slot.created_at()),
            Holds::Beside(place) => Content::unpack(self.beside.get(place), slot.created_at()),
        };
        Record::new(Arc::new(content), slot.version(), slot.expires_at(), slot.saved_at())
    }

    /// The id of the user who is logged in.
    pub(super) fn user(&self, number: u32) -> Option<&[u8]> {
        match self.slot(number).holds() {
            Holds::Nobody => None,
            Holds::User(block) => Some(Block::id(block)),
            Holds::Beside(place) => user_id(self.beside.get(place)),
        }
    }

    /// Adds a record, whose number is the length before.
    pub(super) fn push(&mut self, mark: &Mark, record: &Record) {
        let number = self.len();
        slot::begin(cell(self.cells.push()), mark);
        self.write(number, record);
    }

    pub(super) fn replace(&mut self, number: u32, record: &Record) {
        self.clear_beside(number);
        self.write(number, record);
    }

    pub(super) fn set_expiry(&mut self, number: u32, expires_at: u64) {
        slot::set_expiry(cell(self.cells.cell_mut(number)), expires_at);
    }

    /// Takes out a record. The last one takes its number.
    pub(super) fn swap_remove(&mut self, number: u32) {
        self.clear_beside(number);
        let last = self.len() - 1;
        if number != last
            && let Holds::Beside(place) = self.slot(last).holds()
        {
            self.beside.set_slot(place, number);
        }
        self.cells.swap_remove(number);
    }

    fn write(&mut self, number: u32, record: &Record) {
        let cell = cell(self.cells.cell_mut(number));
        if !slot::write(cell, record) {
            slot::set_beside(cell, self.beside.put(number, &record.content().pack()));
        }
    }

    /// Takes away what stands beside a slot, which then is to be written or to leave.
    fn clear_beside(&mut self, number: u32) {
        if let Holds::Beside(place) = self.slot(number).holds()
            && let Some(moved) = self.beside.remove(place)
        {
            slot::set_beside(cell(self.cells.cell_mut(moved)), place);
        }
    }
}

fn cell(bytes: &mut [u8]) -> &mut Cell {
    bytes.first_chunk_mut().expect("that is the size of a cell")
}
