//! Checks what must hold when a request has opened its session.

use serde_json::Value;
use velox_session::clock::Clock;

use crate::model::oracle::{Content, Found, INTERVAL, Life, longest};
use crate::model::script::{NOBODY, Seen};
use crate::model::world::{Opened, Running, World};

impl World {
    /// Checks that a session which exists is opened with all acknowledged writes, and that one
    /// which has ended is not opened.
    pub(super) fn check_opened(&mut self, running: &mut Running) {
        let (opening_at, seen) = {
            let notes = running.notes.borrow();
            (notes.opening_at, notes.opened.clone().expect("it has opened something"))
        };
        let number = running.number;
        if running.cookie.is_none() {
            self.check(running.talk.calls == 0, || format!("#{number}: a store call without a cookie"));
        }
        let Some((index, from, until)) = running.of else {
            self.check(seen.is_none(), || format!("#{number}: a session without a cookie of one"));
            return;
        };
        match (self.life(index, opening_at), &seen) {
            (Life::On, None) => self.check(false, || format!("#{number}: session {index} exists, but was not opened")),
            (Life::Over, Some(_)) => self.check(false, || format!("#{number}: session {index} came back")),
            (Life::Unsure, None) => self.expire(index),
            _ => {}
        }
        let Some(seen) = seen else {
            self.tally.expired += usize::from(self.sessions[index].ended_by.is_none());
            return;
        };
        let content = running.talk.record.as_ref().map(Content::of).expect("a record was loaded");
        self.check(Seen::of(&content) == seen, || format!("#{number}: it saw {seen:?}, but loaded {content:?}"));
        let versions = &self.sessions[index].versions;
        let version = (from..versions.len()).rev().find(|version| versions[*version].content == content);
        self.check(version.is_some(), || {
            format!(
                "#{number}: session {index} is {content:?}, but the model has {:?}",
                &self.sessions[index].versions[from..]
            )
        });
        let owner = content.user.clone().unwrap_or_else(|| NOBODY.to_owned());
        for value in content.data.values().chain(content.flash.values()).filter_map(Value::as_str) {
            let of = value.split('#').next().expect("it names its owner");
            self.check(of == owner || of == NOBODY, || format!("#{number}: {value} in a session of {owner}"));
        }
        let renewed = self.renew(index, opening_at, until);
        let version = version.expect("it was found");
        let found = Found::live(&self.sessions[index].versions[version]);
        let until = opening_at + longest(content.created_at, opening_at);
        let until = (until, until);
        running.opened = Some(Opened { index, found, version, overtaken: false, renewed, seen_at: opening_at, until });
    }

    /// Notes that a request found the session gone about the time when it ends.
    pub(super) fn expire(&mut self, index: usize) {
        let (now, until) = (self.clock.now(), &mut self.sessions[index].until);
        *until = match self.ground.ages_by_itself() {
            // In its last millisecond, a request that has loaded the session can still renew it.
            true => (0, until.1),
            // The memory store uses the time at which a request began, so it may still have the
            // session for requests that began earlier.
            false => (until.0.min(now), until.1.min(now)),
        };
    }

    /// Applies a load to the life of a session that would have ended at `until` or later. Returns
    /// whether the load renewed it, if that is certain.
    fn renew(&mut self, index: usize, opening_at: u64, until: u64) -> Option<bool> {
        let now = self.clock.now();
        // The clock of the store has gone on since the request began.
        let ahead = self.ahead() + if self.ground.ages_by_itself() { now - opening_at } else { 0 };
        let session = &mut self.sessions[index];
        let whole = longest(session.content().created_at, opening_at);
        let left = |until: u64| until.saturating_sub(opening_at).min(whole);
        let (least, most) = (left(until.saturating_sub(ahead)), left(session.until.1));
        let latest = session.until.1.max(now + whole);
        if whole - least < INTERVAL {
            return Some(false);
        }
        if whole - most < INTERVAL {
            session.until.1 = latest;
            return None;
        }
        session.until = (session.until.0.max(opening_at + whole), latest);
        Some(true)
    }
}
