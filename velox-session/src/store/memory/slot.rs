//! A slot: all that a read looks at, in 128 bytes side by side, two lines of the processor's cache that come together.
//!
//! A session that is a login and nothing else, as most are, is whole in here. What does not fit stands beside, under a number.

use std::sync::Arc;

use super::names::Mark;
use crate::record::{Content, Record, SHORT, UserText};

/// The bytes of a slot.
pub(super) type Cell = [u8; SIZE];

/// A slot that is read.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a>(&'a Cell);

/// What a slot has for content.
#[derive(Clone, Copy)]
pub(super) enum Holds<'a> {
    Nobody,
    /// A user, by the text and the length of the id in it.
    User(&'a [u8], u8),
    /// The number of what stands beside.
    Beside(u32),
}

impl<'a> Slot<'a> {
    pub(super) fn of(cell: &'a Cell) -> Self {
        Self(cell)
    }

    pub(super) fn mark(self) -> &'a Mark {
        self.0.first_chunk().expect("a slot is longer")
    }

    pub(super) fn expires_at(self) -> u64 {
        self.number(EXPIRES_AT)
    }

    pub(super) fn version(self) -> u64 {
        self.number(VERSION)
    }

    pub(super) fn holds(self) -> Holds<'a> {
        let text = &self.0[TEXT..];
        match self.0[KIND] {
            NOBODY => Holds::Nobody,
            BESIDE => Holds::Beside(u32::from_le_bytes(*text.first_chunk().expect("a slot has as much"))),
            id_length => Holds::User(&text[..usize::from(self.0[LENGTH])], id_length),
        }
    }

    /// The record, of a slot that holds its content.
    pub(super) fn record(self) -> Record {
        let user = match self.holds() {
            Holds::User(text, id_length) => UserText::from_short(text, id_length),
            Holds::Nobody | Holds::Beside(_) => None,
        };
        self.record_of(Content::of_user(user, self.number(CREATED_AT)).into())
    }

    /// The record, of what stands beside.
    pub(super) fn record_of(self, content: Arc<Content>) -> Record {
        Record::new(content, self.version(), self.expires_at(), self.number(SAVED_AT))
    }

    fn number(self, at: usize) -> u64 {
        u64::from_le_bytes(*self.0[at..].first_chunk().expect("a slot is longer"))
    }
}

/// A slot of this mark that holds nothing yet.
pub(super) fn empty(mark: &Mark) -> Cell {
    let mut cell = [0; SIZE];
    cell[..mark.len()].copy_from_slice(mark);
    cell
}

/// Writes a record, if its content fits in; otherwise all but the content.
pub(super) fn write(cell: &mut Cell, record: &Record) -> bool {
    let numbers = [
        (EXPIRES_AT, record.expires_at()),
        (VERSION, record.version()),
        (SAVED_AT, record.saved_at()),
        (CREATED_AT, record.created_at()),
    ];
    numbers.into_iter().for_each(|(at, number)| put(cell, at, number));
    let (text, kind) = match record.content().user_alone() {
        Some(None) => (&[][..], NOBODY),
        Some(Some(user)) => match user.short() {
            Some((text, id_length)) => (text, id_length),
            None => return false,
        },
        None => return false,
    };
    cell[TEXT..TEXT + text.len()].copy_from_slice(text);
    (cell[KIND], cell[LENGTH]) = (kind, text.len() as u8);
    true
}

/// Says where the content stands that does not fit in.
pub(super) fn set_beside(cell: &mut Cell, number: u32) {
    cell[KIND] = BESIDE;
    cell[TEXT..TEXT + 4].copy_from_slice(&number.to_le_bytes());
}

pub(super) fn set_expiry(cell: &mut Cell, expires_at: u64) {
    put(cell, EXPIRES_AT, expires_at);
}

fn put(cell: &mut Cell, at: usize, number: u64) {
    cell[at..at + 8].copy_from_slice(&number.to_le_bytes());
}

pub(super) const SIZE: usize = 128;
// The mark comes first. All numbers are in the first line, and the text fills the second.
const EXPIRES_AT: usize = 32;
const VERSION: usize = 40;
const SAVED_AT: usize = 48;
const CREATED_AT: usize = 56;
/// The length of the user's id, or one of the two below, which no id is as long as.
const KIND: usize = 64;
const LENGTH: usize = 65;
const TEXT: usize = 66;
const NOBODY: u8 = 255;
const BESIDE: u8 = 254;

const _: () = assert!(TEXT + SHORT <= SIZE && SHORT < BESIDE as usize);
