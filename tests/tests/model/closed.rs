//! What must hold when a request is done.

use velox_session::clock::Clock;
use velox_session::manager::CloseError;

use crate::oracle::{ABSOLUTE, Content, Deed, Effect, Life, Session, Start, TTL, longest, replay};
use crate::script::{Closed, Seen, Sent};
use crate::world::{Opened, Running, World};

/// How a request ended, as far as one may tell before: what it found, and what it has to do.
#[derive(Debug)]
struct Verdict {
    start: Start,
    effect: Effect,
}

impl World {
    pub(super) async fn check_closed(&mut self, running: &Running, closed: &Closed) {
        let number = running.number;
        let (deeds, opening_at, closing_at) = {
            let notes = running.notes.borrow();
            (notes.deeds.clone(), notes.opening_at, notes.closing_at)
        };
        // What a call sees is what was loaded, and what it did itself.
        let (start, content) = running.start();
        let seen = Seen::of(&replay(start, content, &deeds).content);
        let notes = running.notes.borrow().seen.clone();
        self.check(notes.as_ref() == Some(&seen), || format!("#{number}: it saw {notes:?} instead of {seen:?}"));

        let kept: Vec<_> = match running.request.fails {
            true => deeds.into_iter().filter_map(Deed::of_failed).collect(),
            false => deeds,
        };
        let verdicts = self.verdicts(running, &kept, (opening_at, closing_at));
        for verdict in &verdicts {
            if self.fits(&verdict.effect, running, closed, (opening_at, closing_at)).await {
                self.apply(verdict, running, closed, closing_at).await;
                return;
            }
        }
        let index = running.opened.as_ref().map(|opened| opened.index);
        self.check(false, || format!("#{number}: of session {index:?}: {closed:?} instead of one of {verdicts:?}"));
    }

    /// What a request may have found when it was done, and what it had to do then.
    fn verdicts(&self, running: &Running, deeds: &[Deed], (opening_at, closing_at): (u64, u64)) -> Vec<Verdict> {
        let verdict = |start, content| Verdict { start, effect: replay(start, content, deeds).effect(start) };
        let (start, content) = running.start();
        let Some(Opened { index, version, .. }) = &running.opened else { return vec![verdict(start, content)] };
        if start == Start::Lost || replay(start, content.clone(), deeds).cleared {
            return vec![verdict(start, content)];
        }
        let session = &self.sessions[*index];
        let life = self.life(*index, closing_at);
        if replay(Start::Live, content.clone(), deeds).effect(Start::Live) == Effect::Read {
            // It had nothing to write, and is done with what it has read.
            let start = if life == Life::Over { Start::Lost } else { Start::Live };
            return vec![Verdict { start, effect: Effect::Read }];
        }
        let mut verdicts = Vec::new();
        if life != Life::Over {
            verdicts.push(verdict(Start::Live, session.content().clone()));
        }
        if life != Life::On && content.user.is_some() {
            verdicts.push(verdict(Start::Lost, Content::empty(opening_at)));
        } else if life != Life::On {
            // A login takes along what the visitor had gathered when the request looked last. Messages are left to whoever
            // took over, if anybody did.
            let known = session.versions[*version..].iter().rev().cloned();
            verdicts
                .extend(known.map(|content| verdict(Start::Lost, Content { flash: Default::default(), ..content })));
        }
        verdicts
    }

    /// Whether a request ended like this. Its cookie never outlives the record (E4).
    async fn fits(
        &self,
        effect: &Effect,
        running: &Running,
        closed: &Closed,
        (opening_at, closing_at): (u64, u64),
    ) -> bool {
        let now = self.clock.now();
        let own = running.opened.as_ref().map(|opened| &self.sessions[opened.index]);
        let aged = own.is_some_and(|session| longest(session.content().created_at, now) == 0);
        let late = now + self.ahead() >= closing_at + TTL;
        let sent = match (effect, closed) {
            // One that is over by its age may be taken away from the browser.
            (Effect::Nothing, Ok(Sent::Removal)) => return aged,
            // What it had put in for a start has come to its end, so long did it take.
            (_, Err(CloseError::Conflict)) => return late,
            (_, Err(_)) => return false,
            (_, Ok(sent)) => sent,
        };
        match (effect, sent) {
            (Effect::Nothing, sent) => *sent == Sent::Nothing,
            (Effect::Ended, sent) => {
                // A browser that sent nothing has nothing.
                *sent == if running.cookie.is_some() { Sent::Removal } else { Sent::Nothing }
            }
            (Effect::Read, sent) => self.fits_reader(running, sent, (opening_at, closing_at)),
            (Effect::Kept(content) | Effect::Begun(content), Sent::Removal) => longest(content.created_at, now) < 1_000,
            (Effect::Kept(_) | Effect::Begun(_), Sent::Nothing) => false,
            (Effect::Kept(content), Sent::Cookie { value, max_age }) => {
                own.is_some_and(|session| session.cookie == *value)
                    && is_life(*max_age, content.created_at, (closing_at, now), 0)
            }
            (Effect::Begun(content), Sent::Cookie { value, max_age }) => {
                let record = self.record(value).await.map(|record| Content::of(&record));
                self.sessions.iter().all(|session| session.cookie != *value)
                    && is_life(*max_age, content.created_at, (closing_at, now), 0)
                    && (record.as_ref() == Some(content) || late && record.is_none())
            }
        }
    }

    /// C2: a request that only read sends the cookie of a session that is there, if it has renewed it.
    fn fits_reader(&self, running: &Running, sent: &Sent, (opening_at, closing_at): (u64, u64)) -> bool {
        let Some(opened) = &running.opened else { return *sent == Sent::Nothing };
        let session = &self.sessions[opened.index];
        match sent {
            Sent::Nothing => opened.renewed != Some(true) || self.life(opened.index, closing_at) != Life::On,
            // For less than a second there is no cookie.
            Sent::Removal => {
                opened.renewed != Some(false) && longest(session.content().created_at, self.clock.now()) < 1_000
            }
            Sent::Cookie { value, max_age } => {
                let now = self.clock.now();
                // Another server may have ended it a moment ago.
                let unknown = session.ended_by.is_some_and(|server| server != running.request.server)
                    && now - opening_at < DOUBTFUL_AFTER;
                (unknown || self.life(opened.index, closing_at) != Life::Over)
                    && opened.renewed != Some(false)
                    && *value == session.cookie
                    && is_life(*max_age, session.content().created_at, (opening_at, now), self.ahead())
            }
        }
    }

    /// Does to the session what the request has done.
    async fn apply(
        &mut self,
        Verdict { start, effect }: &Verdict,
        running: &Running,
        closed: &Closed,
        closing_at: u64,
    ) {
        let now = self.clock.now();
        let until = (closing_at + TTL, now + TTL);
        let server = running.request.server;
        let index = running.opened.as_ref().map(|opened| opened.index);
        self.tally.lost += usize::from(*start == Start::Lost);
        if closed.is_err() {
            self.tally.refused += 1;
            return;
        }
        match effect {
            Effect::Nothing => {}
            Effect::Read => {
                let doubted = now - running.notes.borrow().opening_at >= DOUBTFUL_AFTER;
                if let (Ok(Sent::Cookie { .. }), Some(index), true) = (closed, index, doubted) {
                    self.sessions[index].until = until;
                }
            }
            Effect::Kept(content) => {
                let opened = running.opened.as_ref().expect("it had a session");
                let session = &mut self.sessions[opened.index];
                self.tally.merged += usize::from(session.versions.len() - 1 > opened.version);
                session.versions.push(content.clone());
                session.until = until;
                self.check_stored(opened.index).await;
            }
            Effect::Begun(content) => {
                self.end(index, server).await;
                match closed {
                    Ok(Sent::Cookie { value, .. }) => {
                        let cookie = value.clone();
                        self.sessions.push(Session { cookie, versions: vec![content.clone()], until, ended_by: None });
                    }
                    _ => self.unsent.push(content.created_at + ABSOLUTE),
                }
            }
            Effect::Ended => self.end(index, server).await,
        }
    }

    async fn end(&mut self, index: Option<usize>, server: usize) {
        let Some(index) = index else { return };
        self.sessions[index].ended_by.get_or_insert(server);
        self.check_stored(index).await;
    }
}

/// Whether so many seconds are what is left to a session at some time between these, by a clock that may be so much ahead.
fn is_life(max_age: u64, created_at: u64, (first, last): (u64, u64), ahead: u64) -> bool {
    let age = 1_000 * max_age;
    age <= longest(created_at, first) && age + 1_000 + ahead > longest(created_at, last)
}

const DOUBTFUL_AFTER: u64 = 100;
