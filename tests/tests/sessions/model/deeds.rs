//! Checks what must hold for a call before its request is done: only one request gets a flash
//! message, and an update is saved.

use serde_json::Value;
use velox_session::clock::Clock;

use crate::model::case::{Act, COUNT};
use crate::model::oracle::{Content, Deed, Found, Life, Session, Start, TTL, Version, longest, next, replay};
use crate::model::world::{Opened, Running, World};

impl World {
    /// Updates the state that a request knows after its write was refused: the store returned the
    /// present record.
    pub(super) fn look_again(&mut self, running: &mut Running) {
        let Some(opened) = &mut running.opened else { return };
        let (session, now) = (&self.sessions[opened.index], self.clock.now());
        let there = running.talk.record.as_ref().filter(|record| record.expires_at() > now);
        match there.map(Content::of) {
            Some(content) if longest(content.created_at, now) > 0 => {
                self.check(content == *session.content(), || {
                    format!("the store returned {content:?} instead of {session:?}")
                });
                opened.version = session.versions.len() - 1;
                opened.found = Found::live(session.last());
                (opened.until, opened.overtaken) = (session.until, true);
            }
            _ => {
                let over = self.life(opened.index, now) != Life::On;
                self.check(over, || format!("#{}: {session:?} was reported as ended", running.number));
                self.expire(opened.index);
                running.lose();
            }
        }
    }

    pub(super) async fn check_deeds(&mut self, running: &mut Running) {
        let (deeds, taking) = {
            let notes = running.notes.borrow();
            (notes.deeds.clone(), notes.taking)
        };
        for deed in deeds.iter().skip(running.checked) {
            running.checked += 1;
            match deed.act {
                Act::Take(key) => self.check_taken(running, key, deed).await,
                Act::Count => self.check_counted(running, deed).await,
                _ => running.deeds.push(deed.clone()),
            }
        }
        if let (Some(key), None, true) = (taking, &running.due, deeds.len() < running.request.acts.len()) {
            running.due = matches!(running.request.acts[deeds.len()], Act::Take(_)).then(|| due(running, key));
        }
    }

    /// Checks that a message which is due was taken at once and by one request only.
    async fn check_taken(&mut self, running: &mut Running, key: &'static str, deed: &Deed) {
        let number = running.number;
        let due = running.due.take().unwrap_or_else(|| due(running, key));
        let Some(message) = &deed.delivered else {
            let there = due.is_some()
                && running.opened.as_ref().is_some_and(|opened| {
                    let content = self.sessions[opened.index].content();
                    self.life(opened.index, deed.at) == Life::On && content.flash.get(key) == due.as_ref()
                });
            self.check(!there, || format!("#{number}: {due:?} exists, but was not delivered"));
            if due.is_some() && running.is_aged(deed.at) {
                running.lose();
            }
            return;
        };
        self.check(due.as_ref() == Some(message), || format!("#{number}: {message} was delivered instead of {due:?}"));
        let version = running.opened.as_ref().map(|opened| self.sessions[opened.index].last().clone());
        let mut version = version.expect("it has a session");
        let taken = version.content.flash.remove(key);
        self.check(taken.as_ref() == Some(message), || format!("#{number}: {message} was not in {version:?}"));
        self.save_at_once(running, version).await;
        running.deeds.push(deed.clone());
        self.tally.messages += 1;
        if !running.request.fails {
            let message = message.as_str().expect("a text").to_owned();
            let times = self.delivered.entry(message.clone()).or_default();
            *times += 1;
            let times = *times;
            self.check(times == 1, || format!("#{number}: {message} was delivered {times} times"));
        }
    }

    /// Checks an update: it starts from the value in the store, and the value that it returned is
    /// saved. It is saved at once, or with the other changes if nobody else has this session. An
    /// update of a session that is gone returns an error.
    async fn check_counted(&mut self, running: &mut Running, deed: &Deed) {
        let number = running.number;
        let before = replay(running.found(), &running.deeds);
        let due = next(before.content.data.get(COUNT));
        if before.is_own() {
            self.check(deed.value == due, || format!("#{number}: the update returned {} instead of {due}", deed.value));
            let anew = running.forget(|act| matches!(act, Act::Set(COUNT) | Act::Remove(COUNT)));
            let given = replay(running.found(), &running.deeds).content.data.remove(COUNT);
            running.deeds.push(Deed { given, anew, ..deed.clone() });
            return;
        }
        if running.is_aged(deed.at) && deed.value.is_null() {
            running.lose();
        }
        let (Found { start, .. }, at) = (running.found(), running.turned_at);
        if start == Start::Lost {
            self.check(deed.value.is_null(), || {
                format!("#{number}: {} was saved in a session that has ended", deed.value)
            });
            self.tally.updates_refused += 1;
            return;
        }
        // The update changes the session as it is now, not as the request loaded it.
        let mut version = match &running.opened {
            Some(opened) => self.sessions[opened.index].last().clone(),
            None => Version { content: Content::empty(at), answers: Vec::new() },
        };
        let found = Found { start, ..Found::live(&version) };
        let due = next(replay(found, &running.deeds).content.data.get(COUNT));
        self.check(deed.value == due, || format!("#{number}: the update returned {} instead of {due}", deed.value));
        // The update started from the value in the store, unless the call had set the key itself.
        if running.forget(|act| matches!(act, Act::Set(COUNT) | Act::Remove(COUNT))) {
            version.answers.clear();
        }
        version.content.data.insert(COUNT.to_owned(), due.clone());
        version.answers.push(due);
        self.check_answers(number, &version.answers);
        self.tally.updates += 1;
        if running.opened.is_some() {
            self.save_at_once(running, version).await;
        } else {
            self.begin_at_once(running, version).await;
        }
    }

    /// Checks that no two updates of one session returned the same value.
    pub(super) fn check_answers(&self, number: usize, answers: &[Value]) {
        let distinct = answers.iter().enumerate().all(|(index, answer)| !answers[..index].contains(answer));
        self.check(distinct, || format!("#{number}: the updates of one session returned {answers:?}"));
    }

    /// Applies a write that a request saved at once.
    async fn save_at_once(&mut self, running: &mut Running, version: Version) {
        let (now, since) = (self.clock.now(), running.turned_at);
        let opened = running.opened.as_mut().expect("it has a session");
        let index = opened.index;
        let over = self.life(index, since) == Life::Over;
        self.check(!over, || {
            format!("#{}: it has written to a session that has ended: {:?}", running.number, self.sessions[index])
        });
        let session = &mut self.sessions[index];
        let until = since + longest(version.content.created_at, since);
        session.until = (session.until.0.max(since + TTL), now + TTL);
        let found = Found::live(&version);
        session.versions.push(version);
        let version = session.versions.len() - 1;
        *opened = Opened { found, version, renewed: Some(true), seen_at: now, until: (until, until), ..opened.clone() };
        self.check_stored(index).await;
    }

    /// Applies a write that began a session at once. Its cookie is only sent with the response.
    async fn begin_at_once(&mut self, running: &mut Running, version: Version) {
        let (now, since) = (self.clock.now(), running.turned_at);
        let key = running.talk.created.clone().expect("a session was put in");
        let (index, found) = (self.sessions.len(), Found::live(&version));
        self.check(self.sessions.iter().all(|session| session.key != key), || format!("{key:?} existed already"));
        let until = (since + TTL, now + TTL);
        self.sessions.push(Session { key, cookie: None, versions: vec![version], until, first: index, ended_by: None });
        running.forget(|act| act == Act::Regenerate);
        let until = (since + TTL, since + TTL);
        running.opened =
            Some(Opened { index, found, version: 0, overtaken: false, renewed: Some(true), seen_at: now, until });
        self.tally.begun_at_once += 1;
        self.check_stored(index).await;
    }
}

impl Running {
    /// Returns whether the session has reached its absolute end, which is known without asking the
    /// store.
    fn is_aged(&self, now: u64) -> bool {
        self.opened.as_ref().is_some_and(|opened| longest(opened.found.content.created_at, now) == 0)
    }

    /// Notes that the session is gone.
    fn lose(&mut self) {
        let opening_at = self.notes.borrow().opening_at;
        if let Some(opened) = &mut self.opened {
            opened.found = opened.found.left(opening_at);
        }
    }

    /// Drops the deeds that `which` selects, and returns whether it dropped any.
    fn forget(&mut self, which: impl Fn(Act) -> bool) -> bool {
        let before = self.deeds.len();
        self.deeds.retain(|deed| !which(deed.act));
        self.deeds.len() < before
    }
}

/// The message that the request must get under `key`, after the deeds that it has done.
fn due(running: &Running, key: &'static str) -> Option<Value> {
    let found = running.found();
    let (start, own) = (found.start, running.deeds.iter().any(|deed| deed.act == Act::Flash(key)));
    replay(found, &running.deeds).content.flash.remove(key).filter(|_| !own && start == Start::Live)
}
