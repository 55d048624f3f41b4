//! The session as it is after some operations: what reads see, and what there is to save.
//!
//! A view starts from what the store had and takes in one [`Op`] after the other. The same operations on another start
//! give the view of a session that was reloaded.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::record::Content;
use crate::session::op::Op;

/// The session as it is after some operations.
#[derive(Clone, Debug)]
pub(crate) struct View {
    content: Arc<Content>,
    pub(super) start: Start,
    /// There is something to store.
    written: bool,
    /// All that there is to store is a message that was put back. No call was told that it is.
    pub(super) only_put_back: bool,
    /// The session that was loaded is over, under the id it had.
    pub(super) replaced: bool,
    /// What is in the session was taken over from a record under another id.
    pub(super) carried: bool,
    /// Somebody logged in, whether or not out again.
    pub(super) logged_in: bool,
    /// Somebody logged out, whether or not in again.
    pub(super) logged_out: bool,
    /// An operation cannot be done again on this start.
    pub(super) broken: bool,
    /// Who was logged in to the session that is lost.
    lost_user: Option<Box<str>>,
    /// Flash messages written here are for a later request.
    flashed: Vec<String>,
    /// The users all of whose other sessions are to end.
    pub(super) others_of: Vec<String>,
}

/// What a view starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// No session: the visitor is new.
    None,
    /// A record of the store.
    Live,
    /// A record that was there when the session was opened and is gone now.
    Lost,
}

impl View {
    pub(crate) fn new(start: Start, content: Arc<Content>) -> Self {
        Self {
            content,
            start,
            written: false,
            only_put_back: false,
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

    /// Of a session that was there when it was opened and is gone now, with what is left of it.
    pub(crate) fn lost(content: Arc<Content>, user: Option<&str>) -> Self {
        Self { lost_user: user.map(Into::into), ..Self::new(Start::Lost, content) }
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Set { key, value } => self.set(key, value.clone()),
            Op::Remove { key } => {
                // To remove what is not there is no write: it must not make a session. What a lost session had is not known, before a
                // logout drops it.
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
            Op::PutBack { key, value } => {
                // Where the session is gone, the message went with it, and with the call that took it.
                if self.start != Start::Lost {
                    let only = !self.written || self.only_put_back;
                    self.leave_flash(key, value);
                    self.only_put_back = only;
                }
            }
            Op::Login(login) => {
                if self.present_user().is_some_and(|present| present != login.user.id) {
                    // Nothing of one user crosses to another.
                    self.clear(login.at);
                } else {
                    self.carried |= !self.replaced;
                }
                self.write().log_in(login);
                self.replaced = self.start == Start::Live;
                self.logged_in = true;
            }
            Op::Regenerate => {
                // A visitor without a session has no id that somebody else could know, and who has logged out has none either.
                if self.start != Start::None && !self.replaced && !self.logged_out {
                    self.carried = true;
                    self.replaced = self.start == Start::Live;
                    (self.written, self.only_put_back) = (true, false);
                }
            }
            Op::Logout { at } => self.log_out(*at),
            Op::LogoutAll { user, at } => {
                self.log_out(*at);
                // Who is nobody by now may have been somebody when this was said before.
                self.others_of.extend(user.clone());
            }
            Op::LogoutOthers { user } => {
                // Which is the one to be kept, where this one is gone, nobody can say.
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

    /// Whether this exchange itself has given the session a new id or ended it. Nobody else has the id of the one that goes on.
    pub(crate) fn is_own(&self) -> bool {
        self.replaced || self.logged_in || self.logged_out
    }

    /// Whether the session that was there is over, and no other has begun since.
    pub(crate) fn is_ended(&self) -> bool {
        !self.logged_in && (self.start == Start::Lost || self.logged_out && !self.written)
    }

    /// The flash messages that can be read.
    pub(crate) fn flash(&self) -> Map<String, Value> {
        let mut offered = self.content.flash.map();
        offered.retain(|key, _| !self.is_flashed(key));
        offered
    }

    /// Whether a flash message of this key can be read: one of an earlier request.
    pub(crate) fn offers_flash(&self, key: &str) -> bool {
        self.content.flash.get(key).is_some() && !self.is_flashed(key)
    }

    /// Sets a value.
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.write().values.set(key, value);
    }

    /// Whose data the content is.
    fn present_user(&self) -> Option<&str> {
        self.content.user().map(|user| user.id).or(self.lost_user.as_deref())
    }

    fn leave_flash(&mut self, key: &str, value: &Value) {
        self.write().flash.set(key, value.clone());
        self.flashed.push(key.to_owned());
    }

    fn is_flashed(&self, key: &str) -> bool {
        self.flashed.iter().any(|flashed| flashed == key)
    }

    fn write(&mut self) -> &mut Content {
        (self.written, self.only_put_back) = (true, false);
        Arc::make_mut(&mut self.content)
    }

    fn log_out(&mut self, at: u64) {
        self.clear(at);
        self.replaced = self.start == Start::Live;
        (self.written, self.only_put_back) = (false, false);
        self.logged_out = true;
    }

    fn clear(&mut self, created_at: u64) {
        self.content = Arc::new(Content::new(created_at));
        self.lost_user = None;
        // What cannot be done again was done to what is dropped here.
        self.broken = false;
        self.carried = false;
    }
}
