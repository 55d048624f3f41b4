//! What sessions are, said as plainly as can be: a list of sessions, and what a request makes of the one it had.

use std::collections::BTreeMap;

use serde_json::Value;
use velox_session::Record;

use crate::case::Act;

/// What is in a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    pub(crate) user: Option<String>,
    pub(crate) created_at: u64,
    pub(crate) data: BTreeMap<String, Value>,
    pub(crate) flash: BTreeMap<String, Value>,
}

impl Content {
    pub(crate) fn empty(created_at: u64) -> Self {
        Self { user: None, created_at, data: BTreeMap::new(), flash: BTreeMap::new() }
    }

    /// What is in a record.
    pub(crate) fn of(record: &Record) -> Self {
        let text: Value = serde_json::from_str(&record.to_json()).expect("JSON");
        let flash = text["data"]["_flash"].as_object().cloned().unwrap_or_default();
        Self {
            user: record.user().map(|user| user.id.clone()),
            created_at: record.created_at(),
            data: record.data().clone().into_iter().collect(),
            flash: flash.into_iter().collect(),
        }
    }

    /// What a request has of it once the session is over: what a visitor had gathered, for a login. Messages are left to whoever
    /// took the session over, if anybody did.
    pub(crate) fn left(&self, opening_at: u64) -> Self {
        match self.user {
            Some(_) => Self::empty(opening_at),
            None => Self { flash: BTreeMap::new(), ..self.clone() },
        }
    }
}

/// An act as it was done: when, with which value, and which message it was given.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) act: Act,
    pub(crate) at: u64,
    pub(crate) value: Value,
    pub(crate) delivered: Option<Value>,
}

impl Deed {
    /// What is left of it when its call has failed: a change of hands is, and a message that was taken is put back.
    pub(crate) fn of_failed(self) -> Option<Self> {
        match (self.act, self.delivered) {
            (Act::Take(key), Some(value)) => Some(Self { act: Act::Flash(key), at: self.at, value, delivered: None }),
            (act, delivered) if act.is_of_identity() => Some(Self { delivered, ..self }),
            _ => None,
        }
    }
}

/// What a request finds when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// It came without a session.
    Nothing,
    /// Its session is there.
    Live,
    /// Its session is over.
    Lost,
}

/// What becomes of a session by some deeds.
#[derive(Debug, Clone)]
pub(crate) struct After {
    pub(crate) content: Content,
    /// There is something to keep.
    written: bool,
    /// The id it had is over.
    moved: bool,
    /// Nothing that was in it is left: of whoever comes now it is none of the business.
    pub(crate) cleared: bool,
    logged_in: bool,
    logged_out: bool,
}

/// What a request has to do in the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Nothing at all.
    Nothing,
    /// At most, to send the cookie again.
    Read,
    /// To keep this in the same session.
    Kept(Content),
    /// To keep this in a new session, and to end the one it had, if any.
    Begun(Content),
    /// To end the session, and to take the cookie away.
    Ended,
}

/// Does deeds to a session.
pub(crate) fn replay(start: Start, content: Content, deeds: &[Deed]) -> After {
    let mut after =
        After { content, written: false, moved: false, cleared: false, logged_in: false, logged_out: false };
    for deed in deeds {
        after.take_in(start, deed);
    }
    after
}

impl After {
    fn take_in(&mut self, start: Start, Deed { act, at, value, .. }: &Deed) {
        let content = &mut self.content;
        match *act {
            Act::Set(key) => {
                content.data.insert(key.to_owned(), value.clone());
                self.written = true;
            }
            Act::Remove(key) => self.written |= content.data.remove(key).is_some(),
            Act::Count => {
                let count = content.data.get("count").and_then(Value::as_u64).unwrap_or(0);
                content.data.insert("count".to_owned(), (count + 1).into());
                self.written = true;
            }
            Act::Flash(key) => {
                content.flash.insert(key.to_owned(), value.clone());
                self.written = true;
            }
            // It was taken out of the store at once.
            Act::Take(_) => {}
            Act::Login(user) => {
                if content.user.as_deref().is_some_and(|present| present != user) {
                    *content = Content::empty(*at);
                    self.cleared = true;
                }
                (content.user, content.created_at) = (Some(user.to_owned()), *at);
                (self.written, self.moved, self.logged_in) = (true, start == Start::Live, true);
            }
            Act::Logout => {
                *content = Content::empty(*at);
                self.cleared = true;
                (self.written, self.moved, self.logged_out) = (false, start == Start::Live, true);
            }
            Act::Regenerate => {
                if start != Start::Nothing && !self.moved {
                    (self.written, self.moved) = (true, start == Start::Live);
                }
            }
        }
    }

    pub(crate) fn effect(self, start: Start) -> Effect {
        match start {
            Start::Lost if !self.logged_in && !self.logged_out => Effect::Nothing,
            Start::Live if self.written && !self.moved => Effect::Kept(self.content),
            _ if self.written => Effect::Begun(self.content),
            _ if self.moved || self.logged_out => Effect::Ended,
            Start::Live => Effect::Read,
            Start::Nothing | Start::Lost => Effect::Nothing,
        }
    }
}

/// A session that a browser was told of.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) cookie: String,
    /// What was in it, and last of all what is in it.
    pub(crate) versions: Vec<Content>,
    /// When it comes to its end without a request: at the earliest and at the latest.
    pub(crate) until: (u64, u64),
    /// The server that ended it or gave it another id.
    pub(crate) ended_by: Option<usize>,
}

/// Whether a session is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    On,
    Over,
    /// It came to its end about now.
    Unsure,
}

impl Session {
    pub(crate) fn content(&self) -> &Content {
        self.versions.last().expect("it began with something")
    }

    /// Whether it is there for a request that looked at the clock at the first time, and at the store at the last. A store with a
    /// clock of its own may be ahead by as much as `ahead`.
    pub(crate) fn life(&self, (first, last): (u64, u64), ahead: u64) -> Life {
        let end = self.content().created_at + ABSOLUTE;
        let (earliest, latest) = (self.until.0.min(end), self.until.1.min(end));
        if self.ended_by.is_some() || latest <= first {
            Life::Over
        } else if last + ahead < earliest {
            Life::On
        } else {
            Life::Unsure
        }
    }
}

/// What a session of this age has before it, at most.
pub(crate) fn longest(created_at: u64, now: u64) -> u64 {
    TTL.min((created_at + ABSOLUTE).saturating_sub(now))
}

pub(crate) const TTL: u64 = 100_000;
pub(crate) const ABSOLUTE: u64 = 300_000;
pub(crate) const INTERVAL: u64 = 10_000;
