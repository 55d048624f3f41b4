//! All data except the accounts, in memory. Each table stores the number of its next row.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::comments::Comment;
use crate::notes::Note;
use crate::users::User;

pub struct Data(Mutex<Tables>);

pub struct Tables {
    pub users: Table<User>,
    /// The ids of the posts.
    pub posts: Vec<&'static str>,
    pub comments: Table<Comment>,
    pub notes: Table<Note>,
}

/// Rows, and the number of the next one.
pub struct Table<T> {
    pub rows: Vec<T>,
    next: usize,
}

impl Data {
    /// Makes the initial tables.
    pub fn seed() -> Self {
        Self(Mutex::new(Tables::seed()))
    }

    /// Restores the initial tables.
    pub fn reset(&self) {
        *self.tables() = Tables::seed();
    }

    /// Locks the tables.
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn seed() -> Self {
        let user = |id: &str, name: &str, email: &str, age| User {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            age: Some(age),
            address: None,
        };
        let comment = Comment {
            id: "c1".to_owned(),
            post_id: "p1".to_owned(),
            text: "Nice".to_owned(),
            author_id: "u2".to_owned(),
        };
        Self {
            users: Table::of(vec![
                user("1", "Ada Lovelace", "ada@example.com", 36),
                user("2", "Grace Hopper", "grace@example.com", 45),
                user("3", "Alan Turing", "alan@example.com", 41),
            ]),
            posts: vec!["p1", "p2"],
            comments: Table::of(vec![comment]),
            notes: Table::of(Vec::new()),
        }
    }
}

impl<T> Table<T> {
    fn of(rows: Vec<T>) -> Self {
        Self { next: rows.len() + 1, rows }
    }

    /// Adds the row that `make` builds from its number.
    pub fn add(&mut self, row: impl FnOnce(usize) -> T) -> &T {
        self.rows.push(row(self.next));
        self.next += 1;
        &self.rows[self.rows.len() - 1]
    }
}
