//! What must hold of what a call does before its request is done: that a message is given to one.

use serde_json::Value;
use velox_session::clock::Clock;

use crate::case::Act;
use crate::oracle::{Deed, Life, Start, TTL, longest, replay};
use crate::world::{Running, World};

impl World {
    /// A request that could not take a message has looked at its session again.
    pub(super) fn look_again(&mut self, running: &mut Running) {
        let Some(opened) = &mut running.opened else { return };
        let session = &self.sessions[opened.index];
        match self.loaded() {
            Some(content) if longest(content.created_at, self.clock.now()) > 0 => {
                self.check(content == *session.content(), || format!("{content:?} was loaded instead of {session:?}"));
                (opened.content, opened.version) = (content, session.versions.len() - 1);
            }
            _ => (opened.start, opened.content) = (Start::Lost, opened.content.left(running.notes.borrow().opening_at)),
        }
    }

    /// C8: a message that is due is taken, at once and by one, or somebody else has taken it.
    pub(super) async fn check_deeds(&mut self, running: &mut Running) {
        let (deeds, taking) = {
            let notes = running.notes.borrow();
            (notes.deeds.clone(), notes.taking)
        };
        while running.checked < deeds.len() {
            let (before, deed) = (&deeds[..running.checked], &deeds[running.checked]);
            running.checked += 1;
            let Act::Take(key) = deed.act else { continue };
            let due = running.due.take().unwrap_or_else(|| due(running, before, key));
            let Some(message) = &deed.delivered else {
                let there = due.is_some()
                    && running.opened.as_ref().is_some_and(|opened| {
                        let content = self.sessions[opened.index].content();
                        self.life(opened.index, deed.at) == Life::On && content.flash.get(key) == due.as_ref()
                    });
                self.check(!there, || format!("#{}: {due:?} is there, and was not delivered", running.number));
                continue;
            };
            self.check(due.as_ref() == Some(message), || {
                format!("#{}: {message} was delivered instead of {due:?}", running.number)
            });
            self.take(running, key, message, taking.map_or(deed.at, |(_, since)| since)).await;
        }
        if let (Some((key, _)), None, true) = (taking, &running.due, deeds.len() < running.request.acts.len()) {
            running.due = matches!(running.request.acts[deeds.len()], Act::Take(_)).then(|| due(running, &deeds, key));
        }
    }

    async fn take(&mut self, running: &mut Running, key: &str, message: &Value, since: u64) {
        let now = self.clock.now();
        let opened = running.opened.as_mut().expect("it has a session");
        let session = &mut self.sessions[opened.index];
        let mut content = session.content().clone();
        let taken = content.flash.remove(key);
        session.versions.push(content.clone());
        session.until = (session.until.0.max(since + TTL), now + TTL);
        let over = session.ended_by.is_some();
        (opened.content, opened.version, opened.renewed) = (content, session.versions.len() - 1, Some(true));
        let index = opened.index;
        self.check(taken.as_ref() == Some(message) && !over, || {
            format!("#{}: C8: {message} was delivered, and was not in {:?}", running.number, self.sessions[index])
        });
        self.check_stored(index).await;
        self.tally.messages += 1;
        if !running.request.fails {
            let message = message.as_str().expect("a text").to_owned();
            let times = self.delivered.entry(message.clone()).or_default();
            *times += 1;
            let times = *times;
            self.check(times == 1, || format!("#{}: C8: {message} was delivered {times} times", running.number));
        }
    }
}

/// The message that is to be delivered after some deeds.
fn due(running: &Running, deeds: &[Deed], key: &'static str) -> Option<Value> {
    let (start, content) = running.start();
    let own = deeds.iter().any(|deed| deed.act == Act::Flash(key));
    replay(start, content, deeds).content.flash.remove(key).filter(|_| !own && start == Start::Live)
}
