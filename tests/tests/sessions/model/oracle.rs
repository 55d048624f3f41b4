//! The simplest possible model: a list of sessions, and the effect of a request on its session.

use std::collections::BTreeMap;

use serde_json::Value;
use velox_session::{Record, StoreKey};

use crate::model::case::{Act, COUNT};

/// The content of a session.
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

    /// The content of a record.
    pub(crate) fn of(record: &Record) -> Self {
        let text: Value = serde_json::from_str(&record.to_json()).expect("JSON");
        let flash = text["data"]["_flash"].as_object().cloned().unwrap_or_default();
        Self {
            user: record.user().map(|user| user.id.clone()),
            created_at: record.created_at(),
            data: record.data().into_iter().collect(),
            flash: flash.into_iter().collect(),
        }
    }
}

/// The content of a session at some time, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    pub(crate) content: Content,
    /// The values that the updates up to the present count returned.
    pub(crate) answers: Vec<Value>,
}

/// The session as a request found it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) start: Start,
    pub(crate) content: Content,
    pub(crate) answers: Vec<Value>,
    /// The user of the session. It is kept after the session has ended, when the rest is dropped.
    pub(crate) of: Option<String>,
}

impl Found {
    pub(crate) fn nothing(opening_at: u64) -> Self {
        Self { start: Start::Nothing, content: Content::empty(opening_at), answers: Vec::new(), of: None }
    }

    pub(crate) fn live(Version { content, answers }: &Version) -> Self {
        let of = content.user.clone();
        Self { start: Start::Live, content: content.clone(), answers: answers.clone(), of }
    }

    /// The content that a request keeps when its session has ended: the data of a visitor, so that
    /// a login can take it along. Flash messages stay with the request that has taken the session
    /// over.
    pub(crate) fn left(&self, opening_at: u64) -> Self {
        match self.of {
            Some(_) => Self { start: Start::Lost, of: self.of.clone(), ..Self::nothing(opening_at) },
            None => {
                let content = Content { flash: BTreeMap::new(), ..self.content.clone() };
                Self { start: Start::Lost, content, ..self.clone() }
            }
        }
    }
}

/// An act that a request has done.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) act: Act,
    pub(crate) at: u64,
    /// The value it wrote. For an update, the value it returned, or `null` if it was refused.
    pub(crate) value: Value,
    /// The flash message that it got.
    pub(crate) delivered: Option<Value>,
    /// For an update that is saved with the other changes, the value before it.
    pub(crate) given: Option<Value>,
    /// `true` if the update started from a value that the same call had set before.
    pub(crate) anew: bool,
    pub(crate) failed: bool,
}

impl Deed {
    /// Returns the part of the act that remains when its call fails. Acts that were confirmed
    /// remain, and a message that was taken is put back.
    pub(crate) fn of_failed(self) -> Option<Self> {
        let stands = self.act.stands() || self.delivered.is_some();
        stands.then_some(Self { failed: true, ..self })
    }
}

/// The state of the session when a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The request came without a session.
    Nothing,
    /// The session exists.
    Live,
    /// The session has ended.
    Lost,
}

/// The state of a session after some deeds.
#[derive(Debug, Clone)]
pub(crate) struct After {
    start: Start,
    pub(crate) content: Content,
    pub(crate) answers: Vec<Value>,
    of: Option<String>,
    /// The user who was logged in before.
    was_of: Option<String>,
    /// `true` if a write must be saved because the call was told that it would be.
    written: bool,
    /// `true` if a message must be put back. This does not count as a write of the call, which has
    /// failed.
    put_back: bool,
    /// `true` if the old id is over.
    moved: bool,
    /// `true` if all old content is gone, so that the next user must see none of it.
    cleared: bool,
    logged_in: bool,
    logged_out: bool,
    /// `true` if an update started from a value that is no longer the current one.
    pub(crate) outdated: bool,
}

/// The action that a request must take at its end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    Nothing,
    /// Sends the cookie again, or does nothing.
    Read,
    /// Saves this version in the same session.
    Kept(Version),
    /// Saves this version in a new session and ends the old one, if any. `goes_on`: to the user the
    /// new session is still the old one, under a new id.
    Begun {
        version: Version,
        goes_on: bool,
    },
    /// Ends the session and removes the cookie.
    Ended,
    /// Saves nothing and reports a conflict.
    Refused,
}

/// Applies deeds to what a request has found.
pub(crate) fn replay(found: Found, deeds: &[Deed]) -> After {
    let Found { start, content, answers, of } = found;
    let mut after = After {
        start,
        content,
        answers,
        was_of: of.clone(),
        of,
        written: false,
        put_back: false,
        moved: false,
        cleared: false,
        logged_in: false,
        logged_out: false,
        outdated: false,
    };
    for deed in deeds {
        after.take_in(deed);
    }
    after
}

impl After {
    fn take_in(&mut self, Deed { act, at, value, delivered, given, anew, failed }: &Deed) {
        match *act {
            Act::Set(key) => self.set(key, Some(value)),
            // The content of a session that has ended is unknown, so a removal counts as a write.
            Act::Remove(key) if self.content.data.contains_key(key) || (self.start == Start::Lost && !self.cleared) => {
                self.set(key, None)
            }
            Act::Remove(_) => {}
            Act::Count => {
                self.outdated |= self.content.data.get(COUNT) != given.as_ref();
                if *anew {
                    self.answers.clear();
                }
                self.content.data.insert(COUNT.to_owned(), value.clone());
                self.answers.push(value.clone());
                self.written = true;
            }
            Act::Flash(key) => {
                self.content.flash.insert(key.to_owned(), value.clone());
                self.written = true;
            }
            // The store removed the message at once. If the call fails, it is put back into a
            // session that still exists.
            Act::Take(key) => {
                if let (true, Some(message), Start::Live) = (*failed, delivered, self.start) {
                    self.content.flash.insert(key.to_owned(), message.clone());
                    self.put_back = true;
                }
            }
            Act::Login(user) => {
                if self.of.as_deref().is_some_and(|of| of != user) {
                    self.clear(*at);
                }
                (self.content.user, self.content.created_at) = (Some(user.to_owned()), *at);
                self.of = self.content.user.clone();
                (self.written, self.moved, self.logged_in) = (true, self.start == Start::Live, true);
            }
            Act::Logout => {
                self.clear(*at);
                (self.written, self.moved, self.logged_out) = (false, self.start == Start::Live, true);
                self.put_back = false;
            }
            Act::Regenerate => {
                if self.start != Start::Nothing && !self.moved && !self.logged_out {
                    (self.written, self.moved) = (true, self.start == Start::Live);
                }
            }
        }
    }

    fn set(&mut self, key: &str, value: Option<&Value>) {
        let _ = match value {
            Some(value) => self.content.data.insert(key.to_owned(), value.clone()),
            None => self.content.data.remove(key),
        };
        if key == COUNT {
            self.answers.clear();
        }
        self.written = true;
    }

    fn clear(&mut self, at: u64) {
        (self.content, self.of, self.cleared) = (Content::empty(at), None, true);
        // An update that used values of the old session ends with it.
        (self.answers, self.outdated) = (Vec::new(), false);
    }

    /// Returns whether the request itself ended the session or gave it a new id. Then nobody else
    /// has the session that goes on.
    pub(crate) fn is_own(&self) -> bool {
        self.moved || self.logged_in || self.logged_out
    }

    /// Returns whether the request writes to the existing session, which must then be as the
    /// request saw it.
    pub(crate) fn goes_on(&self, now: u64) -> bool {
        let refused = self.outdated || self.is_over(now);
        self.start == Start::Live && !self.cleared && (self.written || self.put_back) && !refused
    }

    fn is_over(&self, now: u64) -> bool {
        longest(self.content.created_at, now) == 0
    }

    /// Returns the action that a request must take if it ends at `now`.
    pub(crate) fn effect(self, now: u64) -> Effect {
        let (hands, over) = (self.logged_in || self.logged_out, self.is_over(now));
        let goes_on = self.start == Start::Live && !self.cleared && self.was_of.is_some();
        let version = Version { content: self.content, answers: self.answers };
        match self.start {
            // A write is saved in the session that goes on, or the request gets a conflict. A
            // session does not go on at its absolute end, or if it would end as soon as it begins.
            Start::Lost if !hands && self.written => Effect::Refused,
            Start::Lost if !hands => Effect::Nothing,
            _ if self.written && !hands && over => Effect::Refused,
            _ if self.outdated => Effect::Refused,
            Start::Live if self.put_back && !self.written && over => Effect::Nothing,
            Start::Live if (self.written || self.put_back) && !self.moved => Effect::Kept(version),
            _ if self.written || self.put_back => Effect::Begun { version, goes_on },
            _ if self.moved || self.logged_out => Effect::Ended,
            Start::Live => Effect::Read,
            Start::Nothing | Start::Lost => Effect::Nothing,
        }
    }
}

/// The counter after one more increment.
pub(crate) fn next(count: Option<&Value>) -> Value {
    (count.and_then(Value::as_u64).unwrap_or(0) + 1).into()
}

/// A session that was put into the store.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: StoreKey,
    /// The cookie that a browser got, if any.
    pub(crate) cookie: Option<String>,
    /// The content over time. The last version is the present one.
    pub(crate) versions: Vec<Version>,
    /// The earliest and the latest time at which it expires without a request.
    pub(crate) until: (u64, u64),
    /// The index of the first session in a row of sessions that replaced each other under new ids.
    /// To the user they are one session.
    pub(crate) first: usize,
    /// The server that ended it or gave it a new id.
    pub(crate) ended_by: Option<usize>,
}

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    On,
    Over,
    /// It ends about now.
    Unsure,
}

impl Session {
    pub(crate) fn last(&self) -> &Version {
        self.versions.last().expect("every session has a version")
    }

    pub(crate) fn content(&self) -> &Content {
        &self.last().content
    }

    /// Returns whether it exists and is not about to expire.
    pub(crate) fn is_surely_on(&self, now: u64) -> bool {
        self.ended_by.is_none() && self.until.0.min(self.content().created_at + ABSOLUTE) > now
    }

    /// Returns whether the session exists for a request that read the clock at `first` and reached
    /// the store at `last`. The clock of the store may be ahead by up to `ahead`.
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

/// The longest time that a session may still live.
pub(crate) fn longest(created_at: u64, now: u64) -> u64 {
    TTL.min((created_at + ABSOLUTE).saturating_sub(now))
}

pub(crate) const TTL: u64 = 100_000;
pub(crate) const ABSOLUTE: u64 = 300_000;
pub(crate) const INTERVAL: u64 = 10_000;
