//! The shared list, and the stream of its changes.
//!
//! Each change has a number, and the list keeps the last 256 changes. A client that reconnects in
//! time gets exactly the changes it missed. Otherwise it gets a snapshot of the list. One lock
//! orders all changes, so that a new subscriber misses none.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use velox_rpc::procedure::{Tracked, tracked};
use velox_rpc::{Error, Result, schema};

/// A user, as the others see them.
#[schema]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: String,
    pub name: String,
}

/// An item of the list.
#[schema]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The client makes the id, so that an item has its key before the server knows it.
    pub id: String,
    pub text: String,
    pub done: bool,
    pub added_by: Member,
}

/// A change of the list.
#[schema]
#[serde(tag = "type")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The whole list, which replaces the client's copy.
    Snapshot {
        items: Vec<Item>,
    },
    Added {
        item: Item,
    },
    Toggled {
        item: Item,
        by: Member,
    },
    Removed {
        item: Item,
        by: Member,
    },
}

/// The shared list.
pub struct List {
    /// Identifies this run of the program. Numbers of earlier runs mean nothing now.
    run: String,
    state: Mutex<State>,
    live: Sender<Numbered>,
}

#[derive(Default)]
struct State {
    items: Vec<Item>,
    /// The number of the last change.
    last: u64,
    /// The last changes, the oldest first.
    history: VecDeque<Numbered>,
}

#[derive(Clone)]
struct Numbered {
    number: u64,
    change: Change,
}

impl List {
    /// Creates an empty list.
    pub fn empty() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { run: started.as_millis().to_string(), state: Mutex::default(), live: Sender::new(BUFFER) }
    }

    /// Returns the items, the oldest first.
    pub fn items(&self) -> Vec<Item> {
        self.state().items.clone()
    }

    /// Adds an item. If the same user sends an item again, because the response got lost, the
    /// existing item is returned.
    ///
    /// # Errors
    ///
    /// Returns 409 if the list is full, or if another user's item has this id.
    pub fn add(&self, item: Item) -> Result<Item> {
        let mut state = self.state();
        match state.items.iter().find(|other| other.id == item.id) {
            Some(other) if other.added_by == item.added_by => return Ok(other.clone()),
            Some(_) => return Err(Error::conflict("An item with this id already exists")),
            None if state.items.len() == CAPACITY => {
                return Err(Error::conflict("The list is full. Remove an item before you add another."));
            }
            None => state.items.push(item.clone()),
        }
        self.tell(&mut state, Change::Added { item: item.clone() });
        Ok(item)
    }

    /// Marks an item as done or as open.
    ///
    /// # Errors
    ///
    /// Returns 404 if the list has no such item.
    pub fn toggle(&self, id: &str, done: bool, by: Member) -> Result<Item> {
        let mut state = self.state();
        let item = state.items.iter_mut().find(|item| item.id == id);
        let item = item.ok_or_else(|| Error::resource_not_found("Item", id))?;
        item.done = done;
        let item = item.clone();
        self.tell(&mut state, Change::Toggled { item: item.clone(), by });
        Ok(item)
    }

    /// Removes an item. Does nothing if the item is already gone.
    pub fn remove(&self, id: &str, by: Member) {
        let mut state = self.state();
        if let Some(index) = state.items.iter().position(|item| item.id == id) {
            let item = state.items.remove(index);
            self.tell(&mut state, Change::Removed { item, by });
        }
    }

    /// Returns a stream of the changes from now on. It starts with the changes after the last event
    /// that the client has seen, if the list still has them, and otherwise with a snapshot.
    pub fn changes(
        self: Arc<Self>,
        last_seen: Option<&str>,
    ) -> impl Stream<Item = Result<Tracked<Change>>> + Send + use<> {
        let last_seen = last_seen.and_then(|id| id.strip_prefix(&self.run)?.strip_prefix('-')?.parse().ok());
        let follower = Follower::new(self, last_seen);
        stream::unfold(follower, |mut follower| async {
            let Numbered { number, change } = follower.next().await?;
            let id = format!("{}-{number}", follower.list.run);
            Some((Ok(tracked(id, change)), follower))
        })
    }

    fn tell(&self, state: &mut State, change: Change) {
        state.last += 1;
        let numbered = Numbered { number: state.last, change };
        if state.history.len() == HISTORY {
            state.history.pop_front();
        }
        state.history.push_back(numbered.clone());
        // An error only means that nobody is subscribed.
        self.live.send(numbered).ok();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the changes after a number, or a snapshot.
    fn since(&self, last_seen: Option<u64>) -> VecDeque<Numbered> {
        let oldest = self.last - self.history.len() as u64;
        match last_seen {
            Some(seen) if (oldest..=self.last).contains(&seen) => {
                self.history.iter().filter(|numbered| numbered.number > seen).cloned().collect()
            }
            _ => {
                VecDeque::from([Numbered { number: self.last, change: Change::Snapshot { items: self.items.clone() } }])
            }
        }
    }
}

/// A client that follows the list.
struct Follower {
    list: Arc<List>,
    last_seen: Option<u64>,
    missed: VecDeque<Numbered>,
    live: Receiver<Numbered>,
}

impl Follower {
    fn new(list: Arc<List>, last_seen: Option<u64>) -> Self {
        let (missed, live) = {
            let state = list.state();
            (state.since(last_seen), list.live.subscribe())
        };
        Self { list, last_seen, missed, live }
    }

    async fn next(&mut self) -> Option<Numbered> {
        loop {
            let next = match self.missed.pop_front() {
                Some(numbered) => Ok(numbered),
                None => self.live.recv().await,
            };
            match next {
                Ok(numbered) => {
                    self.last_seen = Some(numbered.number);
                    return Some(numbered);
                }
                // The client reads more slowly than the list changes. Treat it like one that
                // reconnects.
                Err(RecvError::Lagged(_)) => *self = Self::new(Arc::clone(&self.list), self.last_seen),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// The largest number of items.
const CAPACITY: usize = 500;
/// The number of changes that a client can miss before it gets a snapshot.
const HISTORY: usize = 256;
/// The number of changes that are buffered for slow clients.
const BUFFER: usize = 64;
