//! The session of an exchange: what was loaded, and what the calls did since. Pure: no store, no clock, no await.
//!
//! Calls of one batch run at the same time and share the session. Each sees what calls before it have done and what it
//! did itself; its writes count for the others once it has ended well. A login, a logout and a regeneration count at
//! once and for all.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::cookie::sign::Signature;
use crate::id::SessionId;
use crate::key::StoreKey;
use crate::manager::deaths::Mark;
use crate::record::{Content, Record};
use crate::session::error::SessionError;
use crate::session::op::Op;
use crate::session::view::{Start, View};

/// The session of an exchange.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(super) base: Base,
    /// The request had a cookie of the session's name, good or not.
    presented: bool,
    opened_at: u64,
    size_limit: usize,
    log: Vec<Entry>,
    calls: Vec<Call>,
    /// Which call has taken which flash message.
    claims: Vec<(u64, Message)>,
    next_call: u64,
    /// Counts changes that calls see without having made them.
    generation: u64,
    /// Counts changes of hands: the session ended, or went over to another user.
    epoch: u64,
    touched: bool,
}

/// What the store had.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "redis",
    expect(clippy::large_enum_variant, reason = "a request has one, which is live as a rule")
)]
pub(crate) enum Base {
    None,
    Live(Loaded),
    /// It was there at first and is gone. What an anonymous visitor had gathered is kept for a login, but for flash messages: where
    /// another login took the session over it took them along, and each is for one reader.
    Lost(Option<Arc<Content>>),
}

/// A session as it was loaded.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) id: SessionId,
    pub(crate) key: StoreKey,
    pub(crate) record: Record,
    /// The signature that the browser sent, if it is good for the next cookie too.
    pub(crate) signature: Option<Signature>,
    /// The loading has renewed its life.
    pub(crate) renewed: bool,
    /// How many sessions this process had ended when it was loaded.
    pub(crate) mark: Mark,
}

/// A flash message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
struct Entry {
    call: u64,
    settled: bool,
    op: Op,
}

#[derive(Clone, Debug)]
struct Call {
    number: u64,
    view: View,
    generation: u64,
    epoch: u64,
    /// Counts what the call itself did.
    revision: u64,
}

/// Tells one state of a call's view from a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    generation: u64,
    revision: u64,
}

impl State {
    pub(crate) fn new(base: Option<Loaded>, presented: bool, opened_at: u64, size_limit: usize) -> Self {
        Self {
            base: base.map_or(Base::None, Base::Live),
            presented,
            opened_at,
            size_limit,
            log: Vec::new(),
            // As a rule there is one.
            calls: Vec::with_capacity(1),
            claims: Vec::new(),
            next_call: 0,
            generation: 0,
            epoch: 0,
            touched: false,
        }
    }

    /// Begins a call. It sees what is settled.
    pub(crate) fn begin(&mut self) -> u64 {
        let number = self.next_call;
        self.next_call += 1;
        let view = self.settled();
        self.calls.push(Call { number, view, generation: self.generation, epoch: self.epoch, revision: 0 });
        number
    }

    /// Ends a call. Its writes are kept, or dropped as if they had never been.
    pub(crate) fn end(&mut self, number: u64, keep: bool) {
        let before = self.calls.len();
        self.calls.retain(|call| call.number != number);
        if self.calls.len() == before {
            return;
        }
        if keep {
            for entry in self.log.iter_mut().filter(|entry| entry.call == number) {
                entry.settled = true;
            }
        } else {
            self.log.retain(|entry| entry.call != number || entry.settled);
            // What it was to deliver is there again for a later request.
            for (_, Message { key, value }) in self.claims.extract_if(.., |(call, _)| *call == number) {
                self.log.push(Entry { call: number, settled: true, op: Op::Flash { key, value } });
            }
        }
        self.generation += 1;
    }

    /// The session as a call sees it.
    pub(crate) fn view(&mut self, number: u64) -> Result<&View, SessionError> {
        self.touched = true;
        let index = self.index(number)?;
        if self.calls[index].generation != self.generation {
            self.calls[index].view = self.fold(|entry| entry.settled || entry.call == number);
            self.calls[index].generation = self.generation;
        }
        Ok(&self.calls[index].view)
    }

    /// The user whose other sessions a call may end: nobody, or who it has known.
    pub(crate) fn known_user(&mut self, number: u64) -> Result<Option<String>, SessionError> {
        let user = self.view(number)?.content().user().map(|user| user.id.to_owned());
        if self.calls[self.index(number)?].epoch != self.epoch {
            return Err(SessionError::Superseded);
        }
        Ok(user)
    }

    /// What a call sees of the data, and a stamp by which [`update`](Self::update) tells whether that has changed.
    pub(crate) fn snapshot(&mut self, number: u64) -> Result<(Arc<Content>, Stamp), SessionError> {
        let content = Arc::clone(self.view(number)?.content());
        let call = &self.calls[self.index(number)?];
        Ok((content, Stamp { generation: call.generation, revision: call.revision }))
    }

    /// Does something for a call.
    pub(crate) fn push(&mut self, number: u64, op: Op) -> Result<(), SessionError> {
        self.view(number)?;
        let index = self.index(number)?;
        if op.changes_identity() {
            return self.change_identity(index, op);
        }
        self.record(index, op, |view, op| view.apply(op))
    }

    /// Does an update whose outcome on this snapshot is known. `false` if the snapshot is out of date.
    pub(crate) fn update(
        &mut self,
        number: u64,
        stamp: Stamp,
        op: Op,
        (key, value): (&str, Value),
    ) -> Result<bool, SessionError> {
        if self.snapshot(number)?.1 != stamp {
            return Ok(false);
        }
        let index = self.index(number)?;
        self.record(index, op, |view, _| view.set(key, value))?;
        Ok(true)
    }

    /// The flash message of this key, if the call can have it.
    pub(crate) fn flash(&mut self, number: u64, key: &str) -> Result<Option<Message>, SessionError> {
        let view = self.view(number)?;
        let value = view.content().flash().get(key).filter(|_| view.offers_flash(key));
        Ok(value.map(|value| Message { key: key.to_owned(), value: value.clone() }))
    }

    /// The record that a flash message is to be taken out of, if it is still there for the call, and of which epoch that is.
    pub(crate) fn holds(&mut self, number: u64, message: &Message) -> Result<Option<(Loaded, u64)>, SessionError> {
        let offered = self.flash(number, &message.key)?;
        let loaded = self.loaded().filter(|_| offered.as_ref() == Some(message));
        Ok(loaded.map(|loaded| (loaded.clone(), self.epoch)))
    }

    /// Takes up that a flash message was taken out of the record, for a call that [`holds`](Self::holds) it in this epoch.
    pub(crate) fn claimed(&mut self, number: u64, epoch: u64, message: Message, record: Record) {
        let Base::Live(loaded) = &mut self.base else { return };
        loaded.record = record;
        // By a write, which renews the life as well as a read does.
        loaded.renewed = true;
        // Where the session changed hands while the store was told, the message is not put back into the next one.
        if epoch == self.epoch {
            self.claims.push((number, message));
        }
        self.generation += 1;
    }

    /// The session with everything that is settled.
    pub(crate) fn settled(&self) -> View {
        self.fold(|entry| entry.settled)
    }

    /// Takes up what the store has now, after it refused a write. The operations stay and are done again on it.
    pub(crate) fn rebase(&mut self, record: Option<Record>) {
        let Base::Live(loaded) = &mut self.base else { return };
        let was = loaded.record.content();
        match record {
            // A record that went over to another user is not the one these writes were meant for.
            Some(record) if record.content().user().map(|user| user.id) == was.user().map(|user| user.id) => {
                loaded.record = record;
            }
            _ => {
                let mut gathered = Arc::clone(was);
                if !gathered.flash().is_empty() {
                    Arc::make_mut(&mut gathered).remove_all_flash();
                }
                self.base = Base::Lost(was.user().is_none().then_some(gathered));
            }
        }
        self.generation += 1;
    }

    pub(crate) fn loaded(&self) -> Option<&Loaded> {
        match &self.base {
            Base::Live(loaded) => Some(loaded),
            Base::None | Base::Lost(_) => None,
        }
    }

    pub(crate) fn opened_at(&self) -> u64 {
        self.opened_at
    }

    pub(crate) fn was_presented(&self) -> bool {
        self.presented
    }

    /// Whether a call did anything that is kept.
    pub(crate) fn is_written(&self) -> bool {
        self.log.iter().any(|entry| entry.settled)
    }

    /// Whether a call has read or written the session.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Notes down what a call wrote.
    fn record(&mut self, index: usize, op: Op, apply: impl FnOnce(&mut View, &Op)) -> Result<(), SessionError> {
        let call = &mut self.calls[index];
        if call.epoch != self.epoch {
            // What the call has in hand belongs to the session before: it must not land in another user's.
            return Err(SessionError::Superseded);
        }
        let size = call.view.content().size();
        apply(&mut call.view, &op);
        if call.view.content().size() > size.max(self.size_limit) {
            // Not noted down, so that it is not there once all is done again without it.
            let number = call.number;
            self.calls[index].view = self.fold(|entry| entry.settled || entry.call == number);
            return Err(SessionError::TooLarge { limit: self.size_limit });
        }
        call.revision += 1;
        self.log.push(Entry { call: call.number, settled: false, op });
        Ok(())
    }

    /// Notes down a login, a logout or a regeneration: at once for all calls.
    fn change_identity(&mut self, index: usize, op: Op) -> Result<(), SessionError> {
        let call = &mut self.calls[index];
        let changes_hands = match &op {
            Op::Logout { .. } | Op::LogoutAll { .. } => true,
            Op::Login { user, .. } => call.view.content().user().is_some_and(|present| present.id != user.id),
            _ => false,
        };
        call.view.apply(&op);
        call.revision += 1;
        if changes_hands {
            self.epoch += 1;
            // A message of the session before is not put back into this one.
            self.claims.clear();
        }
        self.generation += 1;
        (call.epoch, call.generation) = (self.epoch, self.generation);
        self.log.push(Entry { call: call.number, settled: true, op });
        Ok(())
    }

    fn index(&self, number: u64) -> Result<usize, SessionError> {
        self.calls.iter().position(|call| call.number == number).ok_or(SessionError::Ended)
    }

    fn fold(&self, counts: impl Fn(&Entry) -> bool) -> View {
        let mut view = match &self.base {
            Base::None => View::new(Start::None, Arc::new(Content::new(self.opened_at))),
            Base::Live(loaded) => View::new(Start::Live, Arc::clone(loaded.record.content())),
            Base::Lost(content) => {
                let empty = || Arc::new(Content::new(self.opened_at));
                View::new(Start::Lost, content.clone().unwrap_or_else(empty))
            }
        };
        for entry in self.log.iter().filter(|entry| counts(entry)) {
            view.apply(&entry.op);
        }
        view
    }
}

impl fmt::Debug for Loaded {
    /// Without the id and the signature, which are the cookie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("key", &self.key).field("record", &self.record).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::op::Update;

    fn set(key: &str) -> Op {
        Op::Set { key: key.to_owned(), value: json!(1) }
    }

    fn count() -> Op {
        Op::Update { key: "n".to_owned(), function: Update::new(|_| Ok(json!(7))) }
    }

    #[test]
    fn an_update_counts_only_on_what_it_was_made_from() {
        let mut state = State::new(None, false, 0, 1_000);
        let (call, other) = (state.begin(), state.begin());
        let (_, before) = state.snapshot(call).expect("the call runs");
        state.push(call, set("own")).expect("the call runs");
        assert!(!state.update(call, before, count(), ("n", json!(7))).expect("the call runs"), "it wrote itself");

        let (_, before) = state.snapshot(call).expect("the call runs");
        state.push(other, set("foreign")).expect("the call runs");
        state.end(other, true);
        assert!(!state.update(call, before, count(), ("n", json!(7))).expect("the call runs"), "another call wrote");

        let (_, now) = state.snapshot(call).expect("the call runs");
        assert!(state.update(call, now, count(), ("n", json!(7))).expect("the call runs"));
        assert_eq!(state.view(call).expect("the call runs").content().data().len(), 3);
    }

    #[test]
    fn a_write_that_is_refused_leaves_no_trace() {
        let mut state = State::new(None, false, 0, 20);
        let call = state.begin();
        state.push(call, set("a")).expect("small");
        let large = Op::Set { key: "a".to_owned(), value: json!("x".repeat(20)) };
        assert!(matches!(state.push(call, large), Err(SessionError::TooLarge { limit: 20 })));
        assert_eq!(state.view(call).expect("the call runs").content().data()["a"], 1);
        state.end(call, true);
        assert_eq!(state.settled().content().data()["a"], 1);
    }

    #[test]
    fn a_call_that_has_ended_can_do_nothing() {
        let mut state = State::new(None, false, 0, 1_000);
        let call = state.begin();
        state.end(call, true);
        for op in [set("a"), Op::Regenerate, Op::Logout { at: 0 }] {
            assert!(matches!(state.push(call, op), Err(SessionError::Ended)));
        }
        assert!(matches!(state.view(call), Err(SessionError::Ended)));
    }
}
