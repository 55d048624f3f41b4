//! A slot: all that a read looks at, in 128 bytes side by side, two lines of the processor's cache that come together.
//!
//! A session that is a login and nothing else, as most are, is whole in here. What does not fit stands beside ([`blobs`](super::blobs)).
//!
//! | bytes | |
//! | --- | --- |
//! | 0 to 31 | the mark |
//! | 32 to 63 | four numbers: when it expires, the version, when it was saved, when it was created |
//! | 64 to 126 | the user, or the place of what stands beside |
//! | 127 | which of them, or nobody |

use super::blobs::Place;
use super::names::Mark;
use crate::record::{BLOCK, Record, UserText};

/// The bytes of a slot.
pub(super) type Cell = [u8; SIZE];

/// A slot that is read.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a>(&'a Cell);

/// What a slot has for content.
#[derive(Clone, Copy)]
pub(super) enum Holds<'a> {
    Nobody,
    /// A user, in the bytes of a block.
    User(&'a [u8; BLOCK]),
    /// The place of what stands beside.
    Beside(Place),
}

impl<'a> Slot<'a> {
    pub(super) fn of(cell: &'a Cell) -> Self {
        Self(cell)
    }

    pub(super) fn mark(self) -> &'a Mark {
        self.bytes(0)
    }

    pub(super) fn expires_at(self) -> u64 {
        self.number(EXPIRES_AT)
    }

    pub(super) fn version(self) -> u64 {
        self.number(VERSION)
    }

    pub(super) fn holds(self) -> Holds<'a> {
        match self.0[KIND] {
            NOBODY => Holds::Nobody,
            BESIDE => {
                let [class, number @ ..] = *self.bytes::<5>(CONTENT);
                Holds::Beside(Place { class, number: u32::from_le_bytes(number) })
            }
            _ => Holds::User(self.bytes(CONTENT)),
        }
    }

    pub(super) fn created_at(self) -> u64 {
        self.number(CREATED_AT)
    }

    pub(super) fn saved_at(self) -> u64 {
        self.number(SAVED_AT)
    }

    fn number(self, at: usize) -> u64 {
        u64::from_le_bytes(*self.bytes(at))
    }

    fn bytes<const COUNT: usize>(self, at: usize) -> &'a [u8; COUNT] {
        self.0[at..].first_chunk().expect("they are in the slot")
    }
}

/// Begins a slot that holds nothing yet.
pub(super) fn begin(cell: &mut Cell, mark: &Mark) {
    put(cell, 0, mark);
    cell[KIND] = NOBODY;
}

/// Writes a record, if its content fits in; otherwise all but the content.
pub(super) fn write(cell: &mut Cell, record: &Record) -> bool {
    set_expiry(cell, record.expires_at());
    put(cell, VERSION, &record.version().to_le_bytes());
    put(cell, SAVED_AT, &record.saved_at().to_le_bytes());
    put(cell, CREATED_AT, &record.created_at().to_le_bytes());
    match record.content().user_alone() {
        Some(None) => cell[KIND] = NOBODY,
        // The last byte of a block is a zero, and that is its kind.
        Some(Some(UserText::Short(block))) => put(cell, CONTENT, block.bytes()),
        Some(Some(UserText::Long { .. })) | None => return false,
    }
    true
}

/// Says where the content stands that does not fit in.
pub(super) fn set_beside(cell: &mut Cell, Place { class, number }: Place) {
    cell[KIND] = BESIDE;
    cell[CONTENT] = class;
    put(cell, CONTENT + 1, &number.to_le_bytes());
}

pub(super) fn set_expiry(cell: &mut Cell, expires_at: u64) {
    put(cell, EXPIRES_AT, &expires_at.to_le_bytes());
}

fn put(cell: &mut Cell, at: usize, bytes: &[u8]) {
    cell[at..at + bytes.len()].copy_from_slice(bytes);
}

const SIZE: usize = 128;
const EXPIRES_AT: usize = 32;
const VERSION: usize = 40;
const SAVED_AT: usize = 48;
const CREATED_AT: usize = 56;
const CONTENT: usize = SIZE - BLOCK;
const KIND: usize = SIZE - 1;
const NOBODY: u8 = 1;
const BESIDE: u8 = 2;
