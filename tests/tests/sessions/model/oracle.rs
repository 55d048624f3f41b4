//! The simplest possible model: a list of sessions, and what a request does to its session.

use std::collections::BTreeMap;

use serde_json::Value;
use velox_session::{Record, StoreKey};

use crate::model::case::{Act, COUNT};

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
            data: record.data().into_iter().collect(),
            flash: flash.into_iter().collect(),
        }
    }
}

/// What is in a session at some time, and how it came to that.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    pub(crate) content: Content,
    /// What the updates have answered that the present count comes of.
    pub(crate) answers: Vec<Value>,
}

/// What a request has found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) start: Start,
    pub(crate) content: Content,
    pub(crate) answers: Vec<Value>,
    /// Whose it is, or was: of the session of a user that is over nothing else is known.
    pub(crate) of: Option<String>,
}

impl Found {
    /// No session.
    pub(crate) fn nothing(opening_at: u64) -> Self {
        Self { start: Start::Nothing, content: Content::empty(opening_at), answers: Vec::new(), of: None }
    }

    pub(crate) fn live(Version { content, answers }: &Version) -> Self {
        let of = content.user.clone();
        Self { start: Start::Live, content: content.clone(), answers: answers.clone(), of }
    }

    /// What is left of it for a request once the session is over: what a visitor had gathered, for a login. Messages are left to
    /// whoever took the session over, if anybody did.
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

/// An act as it was done.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) act: Act,
    /// When it was done.
    pub(crate) at: u64,
    /// With which value; of an update, what it has answered, which is `null` where it was refused.
    pub(crate) value: Value,
    /// The message that it was given.
    pub(crate) delivered: Option<Value>,
    /// What was there under the key of an update that is saved with the rest.
    pub(crate) given: Option<Value>,
    /// Whether it was made of another value, which its call had set before.
    pub(crate) anew: bool,
    /// Whether its call has failed.
    pub(crate) failed: bool,
}

impl Deed {
    /// What is left of it when its call has failed: what was answered for good is, and a message that was taken is put back.
    pub(crate) fn of_failed(self) -> Option<Self> {
        let stands = self.act.stands() || self.delivered.is_some();
        stands.then_some(Self { failed: true, ..self })
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
    start: Start,
    pub(crate) content: Content,
    pub(crate) answers: Vec<Value>,
    of: Option<String>,
    /// Who was logged in before.
    was_of: Option<String>,
    /// There is something to keep that the call was told is kept.
    written: bool,
    /// There is a message to put back: that is no write of the call's, which has failed.
    put_back: bool,
    /// The id it had is over.
    moved: bool,
    /// Nothing that was in it is left: of whoever comes now it is none of the business.
    cleared: bool,
    logged_in: bool,
    logged_out: bool,
    /// An update was made of another value than the one that is there.
    pub(crate) outdated: bool,
}

/// What a request has to do in the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Nothing at all.
    Nothing,
    /// At most, to send the cookie again.
    Read,
    /// To keep this in the same session.
    Kept(Version),
    /// To keep this in a new session, and to end the one it had, if any: whether to its user it is that one still, under a new id.
    Begun { version: Version, goes_on: bool },
    /// To end the session, and to take the cookie away.
    Ended,
    /// To keep nothing, and to say so.
    Refused,
}

/// Does deeds to what a request has found.
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
            // What a session that is over had is not known.
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
            // It was taken out of the store at once, and is put back where the session is there.
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
        // What was made of values of the session before is over with it.
        (self.answers, self.outdated) = (Vec::new(), false);
    }

    /// Whether the request itself has ended the session or given it another id: nobody else has the one that goes on.
    pub(crate) fn is_own(&self) -> bool {
        self.moved || self.logged_in || self.logged_out
    }

    /// Whether the session that is there goes on with it, so that it must be as it was told.
    pub(crate) fn goes_on(&self, now: u64) -> bool {
        let refused = self.outdated || self.is_over(now);
        self.start == Start::Live && !self.cleared && (self.written || self.put_back) && !refused
    }

    fn is_over(&self, now: u64) -> bool {
        longest(self.content.created_at, now) == 0
    }

    /// What there is to do for a request that is done at this time.
    pub(crate) fn effect(self, now: u64) -> Effect {
        let (hands, over) = (self.logged_in || self.logged_out, self.is_over(now));
        let goes_on = self.start == Start::Live && !self.cleared && self.was_of.is_some();
        let version = Version { content: self.content, answers: self.answers };
        match self.start {
            // What was written is in the session that goes on, or it is not answered as if it were. One that has come to its absolute
            // end, or would as soon as it begins, does not go on.
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

/// What a count becomes.
pub(crate) fn next(count: Option<&Value>) -> Value {
    (count.and_then(Value::as_u64).unwrap_or(0) + 1).into()
}

/// A session that was put in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: StoreKey,
    /// What a browser was told of it, if one was.
    pub(crate) cookie: Option<String>,
    /// What was in it, and last of all what is in it.
    pub(crate) versions: Vec<Version>,
    /// When it comes to its end without a request: at the earliest and at the latest.
    pub(crate) until: (u64, u64),
    /// To its user it is one with all those that got a new id of it, or it of them: the first of them.
    pub(crate) first: usize,
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
    pub(crate) fn last(&self) -> &Version {
        self.versions.last().expect("it began with something")
    }

    pub(crate) fn content(&self) -> &Content {
        &self.last().content
    }

    /// Whether it is there, and no clock is near its end.
    pub(crate) fn is_surely_on(&self, now: u64) -> bool {
        self.ended_by.is_none() && self.until.0.min(self.content().created_at + ABSOLUTE) > now
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
