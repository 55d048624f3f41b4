//! The session after a list of operations: what a read sees, and what has to be saved.
//!
//! A view starts from what the store had and applies one [`Op`] after the other. To see the same
//! operations on a reloaded session, apply them to another start.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::record::Content;
use crate::session::op::Op;

/// The session after some operations.
#[derive(Clone, Debug)]
pub(crate) struct View {
    content: Arc<Content>,
    pub(super) start: Start,
    /// An operation changed something that has to be stored.
    written: bool,
    /// The loaded session ends under the id it had.
    pub(super) replaced: bool,
    /// The data of this session was copied from a record under another id.
    pub(super) carried: bool,
    /// A call logged somebody in, even if a later one logged out.
    pub(super) logged_in: bool,
    /// A call logged out, even if a later one logged in.
    pub(super) logged_out: bool,
    /// An operation cannot be repeated on this start.
    pub(super) broken: bool,
    /// The user who was logged in to the lost session.
    lost_user: Option<Box<str>>,
    /// The keys of the flash messages that this request wrote. They are for a later request.
    flashed: Vec<String>,
    /// The users whose other sessions have to end.
    pub(super) others_of: Vec<String>,
}

/// The start of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The visitor has no session.
    None,
    /// The store has a record.
    Live,
    /// The store had a record when the session was opened, and has none now.
    Lost,
}

impl View {
    pub(crate) fn new(start: Start, content: Arc<Content>) -> Self {
        Self {
            content,
            start,
            written: false,
            replaced: false,
            carried: false,
            logged_in: false,
            logged_out: false,
            broken: false,
            lost_user: None,
            flashed: Vec::new(),
            others_of: Vec::new(),
        }
    }

    /// Starts from a session that was there when it was opened and is gone now, with what is left
    /// of it.
    pub(crate) fn lost(content: Arc<Content>, user: Option<&str>) -> Self {
        Self { lost_user: user.map(Into::into), ..Self::new(Start::Lost, content) }
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Set { key, value } => self.set(key, value.clone()),
            Op::Remove { key } => {
                // Removing a key that does not exist is not a write, so it must not create a
                // session. Nobody knows which keys a lost session had, until a logout drops them.
                let is_unknown = self.start == Start::Lost && !self.logged_out;
                if is_unknown || self.content.values.contains(key) {
                    self.write().values.remove(key);
                }
            }
            Op::Update { key, given, value } => {
                self.broken |= self.content.values.get(key) != *given;
                self.set(key, value.clone());
            }
            Op::Flash { key, value } => self.leave_flash(key, value),
            Op::Take { key, value } => {
                self.broken |= self.content.flash.get(key).as_ref() != Some(value);
                self.write().flash.remove(key);
            }
            Op::PutBack { key, value } => {
                // A lost session is gone with its messages, so nothing is put back.
                if self.start != Start::Lost {
                    self.leave_flash(key, value);
                }
            }
            Op::Login(login) => {
                if self.present_user().is_some_and(|present| present != login.user.id) {
                    // No data of one user may reach another user.
                    self.clear(login.at);
                } else {
                    self.carried |= !self.replaced;
                }
                self.write().log_in(login);
                self.replaced = self.start == Start::Live;
                self.logged_in = true;
            }
            Op::Regenerate => {
                // A visitor without a session, or one who has logged out, has no id that somebody
                // else could know.
                if self.start != Start::None && !self.replaced && !self.logged_out {
                    self.carried = true;
                    self.replaced = self.start == Start::Live;
                    self.written = true;
                }
            }
            Op::Logout { at } => self.log_out(*at),
            Op::LogoutOthers { user } => {
                // If this session is gone, nobody can say which session to keep.
                self.broken |= self.start == Start::Lost && !self.logged_in;
                self.others_of.push(user.clone());
            }
        }
    }

    pub(crate) fn content(&self) -> &Arc<Content> {
        &self.content
    }

    pub(crate) fn is_written(&self) -> bool {
        self.written
    }

    /// Returns whether this request itself gave the session a new id or ended it. Nobody else knows
    /// the id of the session that continues.
    pub(crate) fn is_own(&self) -> bool {
        self.replaced || self.logged_in || self.logged_out
    }

    /// Returns whether the session that came with the request is over and no other has begun since.
    pub(crate) fn is_ended(&self) -> bool {
        !self.logged_in && (self.start == Start::Lost || self.logged_out && !self.written)
    }

    /// Returns the flash messages, except those that these operations have left.
    pub(crate) fn flash(&self) -> Map<String, Value> {
        let mut offered = self.content.flash.map();
        offered.retain(|key, _| !self.flashed.contains(key));
        offered
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.write().values.set(key, value);
    }

    /// Returns the user whom the content belongs to.
    fn present_user(&self) -> Option<&str> {
        self.content.user_id().or(self.lost_user.as_deref())
    }

    fn leave_flash(&mut self, key: &str, value: &Value) {
        self.write().flash.set(key, value.clone());
        self.flashed.push(key.to_owned());
    }

    fn write(&mut self) -> &mut Content {
        self.written = true;
        Arc::make_mut(&mut self.content)
    }

    fn log_out(&mut self, at: u64) {
        self.clear(at);
        self.replaced = self.start == Start::Live;
        self.written = false;
        self.logged_out = true;
    }

    fn clear(&mut self, created_at: u64) {
        self.content = Arc::new(Content::new(created_at));
        self.lost_user = None;
        // The operations that cannot be repeated changed the content that is dropped here.
        self.broken = false;
        self.carried = false;
    }
}
