//! The records of a shard, by number: each in a slot, and beside the slots what does not fit into one.

use std::sync::Arc;

use super::names::Mark;
use super::slab::Slab;
use super::slot::{self, Holds, SIZE, Slot};
use crate::record::{Block, Content, Record};

/// Records under dense numbers.
pub(super) struct Slots {
    cells: Slab<SIZE>,
    beside: Vec<Beside>,
}

/// What does not fit into a slot: data of the application, or a long user.
struct Beside {
    slot: u32,
    content: Arc<Content>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { cells: Slab::new(), beside: Vec::new() }
    }

    pub(super) fn len(&self) -> u32 {
        self.cells.len()
    }

    pub(super) fn slot(&self, number: u32) -> Slot<'_> {
        Slot::of(self.cells.cell(number))
    }

    pub(super) fn record(&self, number: u32) -> Record {
        let slot = self.slot(number);
        match slot.holds() {
            Holds::Beside(place) => slot.record_of(Arc::clone(&self.beside[place as usize].content)),
            Holds::User(_) | Holds::Nobody => slot.record(),
        }
    }

    /// The id of the user who is logged in.
    pub(super) fn user(&self, number: u32) -> Option<&[u8]> {
        match self.slot(number).holds() {
            Holds::Nobody => None,
            Holds::User(block) => Some(Block::id(block)),
            Holds::Beside(place) => self.beside[place as usize].content.user().map(|user| user.id.as_bytes()),
        }
    }

    /// Adds a record, whose number is the length before.
    pub(super) fn push(&mut self, mark: &Mark, record: &Record) {
        self.cells.push(slot::empty(mark));
        self.write(self.len() - 1, record);
    }

    pub(super) fn replace(&mut self, number: u32, record: &Record) {
        self.clear_beside(number);
        self.write(number, record);
    }

    pub(super) fn set_expiry(&mut self, number: u32, expires_at: u64) {
        slot::set_expiry(self.cells.cell_mut(number), expires_at);
    }

    /// Takes out a record. The last one takes its number.
    pub(super) fn swap_remove(&mut self, number: u32) {
        self.clear_beside(number);
        let last = self.len() - 1;
        if number != last
            && let Holds::Beside(place) = self.slot(last).holds()
        {
            self.beside[place as usize].slot = number;
        }
        self.cells.swap_remove(number);
    }

    fn write(&mut self, number: u32, record: &Record) {
        let cell = self.cells.cell_mut(number);
        if !slot::write(cell, record) {
            slot::set_beside(cell, u32::try_from(self.beside.len()).expect("there are no more than slots"));
            self.beside.push(Beside { slot: number, content: Arc::clone(record.content()) });
        }
    }

    /// Takes away what stands beside a slot, which then is to be written or to leave.
    fn clear_beside(&mut self, number: u32) {
        let Holds::Beside(place) = self.slot(number).holds() else { return };
        self.beside.swap_remove(place as usize);
        if let Some(moved) = self.beside.get(place as usize) {
            slot::set_beside(self.cells.cell_mut(moved.slot), place);
        }
        if self.beside.len() < self.beside.capacity() / 4 {
            self.beside.shrink_to(2 * self.beside.len());
        }
    }
}
