//! Checks what must hold when a request is done.

use velox_session::clock::Clock;
use velox_session::manager::CloseError;

use crate::model::case::Act;
use crate::model::oracle::{Content, Deed, Effect, Life, Session, Start, TTL, longest, replay};
use crate::model::script::{Closed, Seen, Sent};
use crate::model::world::{Opened, Running, World, key_of};

impl World {
    /// Checks that a call sees what the store told its request, plus its own changes.
    pub(super) fn check_seen(&self, running: &Running, saw: &Seen) {
        let seen = Seen::of(&replay(running.found(), &running.deeds).content);
        self.check(*saw == seen, || format!("#{}: it saw {saw:?} instead of {seen:?}", running.number));
    }

    /// Checks that the request did what follows from what the store last told it. If the request
    /// writes to its session, the session must not have changed since.
    pub(super) async fn check_closed(&mut self, running: &Running, closed: &Closed) {
        let deeds = running.deeds.iter().cloned();
        let kept: Vec<_> = match running.request.fails {
            true => deeds.filter_map(Deed::of_failed).collect(),
            false => deeds.collect(),
        };
        let after = replay(running.found(), &kept);
        let writes_on = after.goes_on(running.planned_at);
        self.tally.outdated += usize::from(after.outdated && closed.is_err());
        let effect = after.effect(running.planned_at);
        let fits = self.fits(&effect, running, closed).await;
        let opened = &running.opened;
        let context = || format!("#{}: {closed:?} instead of {effect:?} of {opened:?}", running.number);
        self.check(fits, context);
        if let (true, Some(opened)) = (writes_on, opened) {
            let session = &self.sessions[opened.index];
            // A session may reach its absolute end while it is still in the store. A login then
            // copies it although it has ended.
            let there = session.ended_by.is_none() && session.until.1 > running.planned_at;
            self.check(there && opened.version == session.versions.len() - 1, || {
                format!("{}, which was {session:?}", context())
            });
        }
        self.apply(effect, running, closed).await;
        if closed.is_ok() && running.has_logged_out() {
            self.check_logged_out(running);
        }
        self.tally.updates_later += kept.iter().filter(|deed| deed.act == Act::Count && closed.is_ok()).count();
    }

    /// Returns whether a request ended as expected. A cookie must never outlive its record.
    async fn fits(&self, effect: &Effect, running: &Running, closed: &Closed) -> bool {
        let planned_at = running.planned_at;
        let own = running.opened.as_ref().map(|opened| &self.sessions[opened.index]);
        let sent = match (effect, closed) {
            (Effect::Refused, Err(CloseError::Conflict)) => return true,
            (Effect::Refused, Ok(_)) | (_, Err(_)) => return false,
            (_, Ok(sent)) => sent,
        };
        match (effect, sent) {
            (Effect::Nothing | Effect::Refused, sent) => *sent == Sent::Nothing,
            (Effect::Ended, sent) => {
                // A browser without a cookie needs no removal. A removal is harmless if the request
                // had begun a session.
                let begun = running.found().start == Start::Live;
                match sent {
                    Sent::Removal => running.cookie.is_some() || begun,
                    Sent::Nothing => running.cookie.is_none(),
                    Sent::Cookie { .. } => false,
                }
            }
            (Effect::Read, sent) => self.fits_reader(running, sent),
            (Effect::Kept(version) | Effect::Begun { version, .. }, Sent::Removal) => {
                longest(version.content.created_at, planned_at) < 1_000
            }
            (Effect::Kept(_) | Effect::Begun { .. }, Sent::Nothing) => false,
            (Effect::Kept(version), Sent::Cookie { value, max_age }) => {
                own.is_some_and(|session| session.is_of(value))
                    && *max_age == longest(version.content.created_at, planned_at) / 1_000
            }
            (Effect::Begun { version, .. }, Sent::Cookie { value, max_age }) => {
                let key = key_of(value);
                let record = self.record(&key).await.map(|record| Content::of(&record));
                let late = self.clock.now() + self.ahead() >= planned_at + TTL || self.ended_early.contains(&key);
                self.sessions.iter().all(|session| session.key != key)
                    && *max_age == longest(version.content.created_at, planned_at) / 1_000
                    && (record.as_ref() == Some(&version.content) || late && record.is_none())
            }
        }
    }

    /// Checks a request that writes nothing more: it sends a cookie if it renewed a session that
    /// exists.
    fn fits_reader(&self, running: &Running, sent: &Sent) -> bool {
        let Some(opened) = &running.opened else { return *sent == Sent::Nothing };
        let session = &self.sessions[opened.index];
        let life = self.life(opened.index, running.planned_at);
        let (least, most) = opened.left(running.planned_at);
        match sent {
            // A session with less than a second left gets no cookie.
            Sent::Nothing => opened.renewed != Some(true) || life != Life::On || least < 1_000,
            Sent::Removal => false,
            Sent::Cookie { value, max_age } => {
                // This server does not know yet that another server has ended the session.
                let unknown = session.ended_by.is_some_and(|server| server != running.request.server)
                    && !opened.doubts(running.planned_at);
                (unknown || life != Life::Over)
                    && opened.renewed != Some(false)
                    && session.is_of(value)
                    && (least.saturating_sub(self.ahead()) / 1_000..=most / 1_000).contains(max_age)
            }
        }
    }

    /// Applies to the model what the request has done.
    async fn apply(&mut self, effect: Effect, running: &Running, closed: &Closed) {
        let now = self.clock.now();
        let until = (running.planned_at + TTL, now + TTL);
        let number = running.number;
        let index = running.opened.as_ref().map(|opened| opened.index);
        self.tally.lost += usize::from(index.is_some_and(|index| self.sessions[index].ended_by.is_some()));
        if let (Ok(Sent::Cookie { value, .. }), Some(index), Effect::Read | Effect::Kept(_)) = (closed, index, &effect)
        {
            self.sessions[index].cookie = Some(value.clone());
        }
        match effect {
            Effect::Nothing => {}
            Effect::Refused => {
                self.tally.refused += 1;
                if let Some(index) = index {
                    self.check_stored(index).await;
                }
            }
            Effect::Read => {
                // The request asked the store once more, and that call renewed the session.
                let asked = running.talk.calls > running.notes.borrow().calls;
                if let (Ok(Sent::Cookie { .. }), Some(opened), true) = (closed, &running.opened, asked) {
                    self.sessions[opened.index].until = until;
                }
            }
            Effect::Kept(version) => {
                self.check_answers(number, &version.answers);
                let opened = running.opened.as_ref().expect("it had a session");
                let session = &mut self.sessions[opened.index];
                self.tally.merged += usize::from(opened.overtaken);
                session.versions.push(version);
                session.until = until;
                self.check_stored(opened.index).await;
            }
            Effect::Begun { version, goes_on } => {
                self.check_answers(number, &version.answers);
                self.end(running).await;
                let cookie = match closed {
                    Ok(Sent::Cookie { value, .. }) => Some(value.clone()),
                    _ => None,
                };
                // A session that ends within a second gets no cookie, but it is in the store. A
                // session without any time left is not.
                let put_in = running.talk.created.clone().filter(|key| self.sessions.iter().all(|s| s.key != *key));
                if let Some(key) = cookie.as_deref().map(key_of).or(put_in) {
                    let own = index.filter(|_| goes_on).map(|index| self.sessions[index].first);
                    let first = own.unwrap_or(self.sessions.len());
                    let ended_by = self.ended_early.contains(&key).then_some(running.request.server);
                    self.sessions.push(Session { key, cookie, versions: vec![version], until, first, ended_by });
                }
            }
            Effect::Ended => self.end(running).await,
        }
    }

    /// Checks that a logout ended the session under every id that it has had.
    fn check_logged_out(&self, running: &Running) {
        let now = self.clock.now() + self.ahead();
        let left = self.sessions.iter().find(|session| running.is_own(session, self) && session.is_surely_on(now));
        self.check(left.is_none(), || format!("#{}: it has logged out, but {left:?} is alive", running.number));
    }

    /// Checks which sessions a request ended. It may end one besides its own: after a logout, the
    /// session that its own became under a new id.
    pub(super) fn check_destroyed(&mut self, running: &mut Running) {
        for key in std::mem::take(&mut running.talk.destroyed) {
            let opened = running.opened.as_ref().map(|opened| &self.sessions[opened.index].key);
            if opened == Some(&key) || running.talk.created.as_ref() == Some(&key) {
                continue;
            }
            let Some(index) = self.sessions.iter().position(|session| session.key == key) else {
                self.ended_early.insert(key);
                continue;
            };
            let session = &self.sessions[index];
            let right = running.has_logged_out() && running.is_own(session, self);
            self.check(right, || format!("#{}: it has ended {session:?}", running.number));
            self.sessions[index].ended_by.get_or_insert(running.request.server);
            self.tally.ended_elsewhere += 1;
        }
    }

    /// Marks the session of the request as ended, unless it was over before.
    async fn end(&mut self, running: &Running) {
        let Some(Opened { index, found, .. }) = &running.opened else { return };
        if found.start == Start::Live {
            self.sessions[*index].ended_by.get_or_insert(running.request.server);
            self.check_stored(*index).await;
        }
    }
}

impl Running {
    fn has_logged_out(&self) -> bool {
        self.deeds.iter().any(|deed| deed.act == Act::Logout)
    }

    /// Returns whether `session` is the one that the request opened. Its id may have changed since.
    fn is_own(&self, session: &Session, world: &World) -> bool {
        self.opened.as_ref().is_some_and(|Opened { index, found, .. }| {
            session.first == world.sessions[*index].first && found.of.is_some() && session.content().user == found.of
        })
    }
}

impl Opened {
    /// Returns whether the request saw the session so long ago that it asks the store again.
    fn doubts(&self, now: u64) -> bool {
        now - self.seen_at >= DOUBTFUL_AFTER
    }

    /// The least and the most time that the session may have left after the request renewed it.
    fn left(&self, now: u64) -> (u64, u64) {
        let created_at = self.found.content.created_at;
        if self.doubts(now) {
            return (longest(created_at, now), longest(created_at, now));
        }
        let left = |until: u64| until.saturating_sub(self.seen_at).min(longest(created_at, self.seen_at));
        (left(self.until.0), left(self.until.1))
    }
}

impl Session {
    /// Returns whether a cookie belongs to this session and equals the one sent before.
    fn is_of(&self, value: &str) -> bool {
        self.key == key_of(value) && self.cookie.as_ref().is_none_or(|cookie| cookie == value)
    }
}

const DOUBTFUL_AFTER: u64 = 100;
