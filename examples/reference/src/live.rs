//! Live data: subscriptions, with and without a session.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::interval;
use velox_rpc::procedure::{Tracked, tracked};
use velox_rpc::{Call, Error, Mutation, Result, Subscription, procedure, router, schema};

use crate::AppState;
use crate::sessions::MainSession;

pub struct Live {
    pub session: MainSession,
}

#[schema]
pub struct Count {
    /// The last number.
    #[validate(range(min = 1, max = 1000))]
    pub to: u32,
}

#[schema]
pub struct Listen {
    #[validate(length(min = 1, max = 100))]
    pub room: String,
    /// The last post that the client has seen.
    pub last_event_id: Option<String>,
}

#[schema]
pub struct NewPost {
    #[validate(length(min = 1, max = 100))]
    pub room: String,
    #[validate(length(min = 1, max = 200))]
    pub text: String,
}

#[schema]
#[derive(Clone)]
pub struct Post {
    /// The number within the room, from 1.
    pub id: u32,
    pub text: String,
}

#[schema]
pub struct Published {
    /// The number within the room.
    pub id: u32,
}

/// A tick of the clock.
#[schema]
pub struct Tick {
    /// The number of ticks so far.
    pub tick: u32,
}

#[router("live", state = AppState)]
impl Live {
    /// Counts to a number.
    pub fn count(&self) -> Subscription<Count, u32> {
        procedure().input::<Count>().subscription(|Call { input, .. }| stream::iter((1..=input.to).map(Ok)))
    }

    /// Sends one number and then fails.
    pub fn fails(&self) -> Subscription<(), u32> {
        procedure().subscription(|_| stream::iter([Ok(1), Err(Error::conflict("No second number exists"))]))
    }

    /// Sends the posts of a room, starting after the last post that the client has seen, or from
    /// now on.
    pub fn feed(&self) -> Subscription<Listen, Tracked<Post>> {
        procedure().input::<Listen>().subscription(|Call { input, ctx }| {
            let room = ctx.rooms.room(&input.room)?;
            let seen = input.last_event_id.map(|id| id.parse()).transpose();
            let seen = seen.map_err(|_| Error::bad_request("The last event does not belong to a room"))?;
            Ok(room.posts_behind(seen).map(|post| Ok(tracked(post.id, post))))
        })
    }

    /// Publishes a post to all subscribers of the room.
    pub fn publish(&self) -> Mutation<NewPost, Published> {
        procedure()
            .use_(self.session.required())
            .input::<NewPost>()
            .mutation(|Call { input, ctx }| Ok(Published { id: ctx.rooms.room(&input.room)?.publish(input.text) }))
    }

    /// Ticks four times a second while the session lives.
    pub fn mine(&self) -> Subscription<(), Tick> {
        procedure().use_(self.session.required()).subscription(|_| {
            let ticks = stream::unfold(interval(Duration::from_millis(250)), async |mut interval| {
                interval.tick().await;
                Some(((), interval))
            });
            stream::iter(1..).zip(ticks).map(|(tick, ())| Ok(Tick { tick }))
        })
    }
}

/// The rooms by name.
#[derive(Default)]
pub struct Rooms(Mutex<HashMap<String, Arc<Room>>>);

/// The last posts of a room.
pub struct Room {
    posts: Mutex<VecDeque<Post>>,
    /// The number of the last post.
    last: watch::Sender<u32>,
}

impl Rooms {
    /// Returns the room with this name, and makes it on first use.
    ///
    /// # Errors
    ///
    /// Returns an error if there are too many rooms.
    pub fn room(&self, name: &str) -> Result<Arc<Room>> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(name) {
            return Ok(Arc::clone(room));
        }
        if rooms.len() >= MAX_ROOMS {
            return Err(Error::unavailable("Too many rooms exist"));
        }
        let room = Arc::new(Room { posts: Mutex::default(), last: watch::Sender::new(0) });
        rooms.insert(name.to_owned(), Arc::clone(&room));
        Ok(room)
    }
}

impl Room {
    /// Publishes a text and returns its number.
    pub fn publish(&self, text: String) -> u32 {
        let mut posts = self.posts();
        let id = *self.last.borrow() + 1;
        if posts.len() == KEPT {
            posts.pop_front();
        }
        posts.push_back(Post { id, text });
        self.last.send_replace(id);
        id
    }

    /// Returns a stream of all posts after this number, or after the current last one. It includes
    /// posts that come later.
    pub fn posts_behind(self: Arc<Self>, seen: Option<u32>) -> impl Stream<Item = Post> + Send {
        let last = self.last.subscribe();
        // A client cannot have seen a post with a future number.
        let present = *last.borrow();
        let seen = seen.unwrap_or(present).min(present);
        stream::unfold((self, last, seen), async |(room, mut last, seen)| {
            last.wait_for(|last| *last > seen).await.ok()?;
            let next = room.posts().iter().find(|post| post.id > seen).cloned()?;
            let seen = next.id;
            Some((next, (room, last, seen)))
        })
    }

    fn posts(&self) -> MutexGuard<'_, VecDeque<Post>> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of posts that a room keeps.
const KEPT: usize = 100;

const MAX_ROOMS: usize = 1000;
