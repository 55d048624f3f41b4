//! The shared list, and the stream of its changes.
//!
//! Each change has a number, and the last of them are kept: a client that comes back in time gets exactly what it has missed, and a snapshot
//! of the list otherwise. One lock orders all changes, so that a client that begins to follow misses none.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use velox_rpc::procedure::{Tracked, tracked};
use velox_rpc::{Error, Result, schema};

/// Somebody, as the others see them.
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
    /// Made by the client, so that an item has its key before the server knows of it.
    pub id: String,
    pub text: String,
    pub done: bool,
    pub added_by: Member,
}

/// What happens to the list.
#[schema]
#[serde(tag = "type")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The whole list, which replaces what a client has.
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

/// The list.
pub struct List {
    /// Tells this run from others, whose numbers mean nothing here.
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
    /// An empty list.
    pub fn empty() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { run: started.as_millis().to_string(), state: Mutex::default(), live: Sender::new(BUFFER) }
    }

    /// Returns the items, the oldest first.
    pub fn items(&self) -> Vec<Item> {
        self.state().items.clone()
    }

    /// Adds an item. A client that asks again, because it has missed the reply, gets the item that is there.
    ///
    /// # Errors
    ///
    /// 409 if the list is full, or somebody else's item has this id.
    pub fn add(&self, item: Item) -> Result<Item> {
        let mut state = self.state();
        match state.items.iter().find(|other| other.id == item.id) {
            Some(other) if other.added_by == item.added_by => return Ok(other.clone()),
            Some(_) => return Err(Error::conflict("This id is taken")),
            None if state.items.len() == CAPACITY => return Err(Error::conflict("The list is full")),
            None => state.items.push(item.clone()),
        }
        self.tell(&mut state, Change::Added { item: item.clone() });
        Ok(item)
    }

    /// Ticks an item off, or takes that back.
    ///
    /// # Errors
    ///
    /// 404 if there is no such item.
    pub fn toggle(&self, id: &str, done: bool, by: Member) -> Result<Item> {
        let mut state = self.state();
        let item = state.items.iter_mut().find(|item| item.id == id);
        let item = item.ok_or_else(|| Error::resource_not_found("Item", id))?;
        item.done = done;
        let item = item.clone();
        self.tell(&mut state, Change::Toggled { item: item.clone(), by });
        Ok(item)
    }

    /// Removes an item. One that is gone already is as good.
    pub fn remove(&self, id: &str, by: Member) {
        let mut state = self.state();
        if let Some(index) = state.items.iter().position(|item| item.id == id) {
            let item = state.items.remove(index);
            self.tell(&mut state, Change::Removed { item, by });
        }
    }

    /// Returns the changes from now on: behind the event that a client has seen last, if the list still knows what came after it, or
    /// else behind a snapshot.
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
        // Nobody may be listening.
        self.live.send(numbered).ok();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What has happened since a number, or a snapshot.
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
                // It reads more slowly than the list changes: as if it came back.
                Err(RecvError::Lagged(_)) => *self = Self::new(Arc::clone(&self.list), self.last_seen),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// How many items the list holds.
const CAPACITY: usize = 500;
/// How many changes a client may miss until it gets a snapshot.
const HISTORY: usize = 256;
/// How many changes wait for a client that reads slowly.
const BUFFER: usize = 64;
