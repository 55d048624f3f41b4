//! The session of one request: what was loaded and what the calls did since. This code is pure: it
//! uses no store, no clock and no await.
//!
//! The calls of a batch run concurrently and share the session. Each call sees the results of calls
//! that have ended before, and its own changes. The other calls see its writes once it has
//! succeeded. A login, a logout and a regeneration take effect immediately for all calls.

mod calls;
mod early;

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use smallvec::SmallVec;

pub(crate) use self::early::Update;
use crate::cookie::sign::Signature;
use crate::id::SessionId;
use crate::key::StoreKey;
use crate::policy::Policy;
use crate::record::{Content, Record};
use crate::session::error::SessionError;
use crate::session::info::SessionHandle;
use crate::session::op::Op;
use crate::session::view::{Start, View};

/// The session of one request.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(super) base: Base,
    /// The request came with a live session.
    came: bool,
    /// The request had a cookie with the name of the session cookie, valid or not.
    presented: bool,
    opened_at: u64,
    /// The time when the store last said that the session exists.
    seen_at: u64,
    /// The request is a `HEAD` request, so none of its changes is saved.
    read_only: bool,
    /// The response headers are sent before the session is saved, so no cookie can be set any more.
    after_head: bool,
    size_limit: usize,
    log: Vec<Entry>,
    /// Counts all entries that were ever added to the log.
    entries: u32,
    calls: SmallVec<[Call; 1]>,
    /// The session with everything that is settled, if it is known.
    settled: Option<Box<View>>,
    /// The keys of the flash messages that were saved before the end of the request.
    flashed: Vec<String>,
    /// The flash messages that calls have taken, with the number of the call.
    taken: Vec<(u32, Message)>,
    next_call: u32,
    /// Counts how often the session ended or passed to another user.
    epoch: u32,
    touched: bool,
}

/// The session as the store had it.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    None,
    Live(Loaded),
    /// The session existed at first and is gone now.
    Lost(Remains),
}

/// The data that a request still has of a session that is gone.
#[derive(Clone, Debug)]
pub(crate) enum Remains {
    /// The data of an anonymous visitor, kept for a login. Flash messages are left out: if another
    /// login has taken over the session, it took them along, and each message is for one reader.
    Gathered(Arc<Content>),
    /// The user of the session, and its handle in the user's list.
    Of { user: Box<str>, handle: SessionHandle },
}

/// A session as it was loaded.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) key: StoreKey,
    pub(crate) record: Record,
    /// The signature that the browser sent, if the next cookie can use it too.
    pub(crate) signature: Option<Signature>,
    /// Loading has renewed the lifetime.
    pub(crate) renewed: bool,
    /// The number of sessions that this process had ended when the session was loaded.
    pub(crate) mark: Mark,
}

/// The number of sessions that this process had ended at some point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark(pub(crate) u64);

/// The error for a session whose new id is not known yet.
#[derive(Debug, thiserror::Error)]
#[error("the session gets a new id when it is saved: call `session.save()` before you ask for the id")]
pub(crate) struct UnknownId;

/// A flash message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u32,
    call: u32,
    settled: bool,
    op: Op,
}

#[derive(Clone, Debug)]
struct Call {
    number: u32,
    /// The session as the call sees it. It is computed when the call looks.
    view: Option<View>,
    epoch: u32,
    /// The call must not see the data, because the user it belongs to no longer exists.
    hidden: bool,
}

impl State {
    #[inline]
    pub(crate) fn new(
        base: Option<Loaded>,
        presented: bool,
        read_only: bool,
        opened_at: u64,
        size_limit: usize,
    ) -> Self {
        Self {
            came: base.is_some(),
            base: base.map_or(Base::None, Base::Live),
            presented,
            opened_at,
            seen_at: opened_at,
            read_only,
            after_head: false,
            size_limit,
            log: Vec::new(),
            entries: 0,
            // Usually a request has one call.
            calls: SmallVec::new(),
            settled: None,
            flashed: Vec::new(),
            taken: Vec::new(),
            next_call: 0,
            epoch: 0,
            touched: false,
        }
    }

    /// Returns a separate state for a call whose response headers are sent before the call ends.
    pub(crate) fn after_head(&self) -> Self {
        Self { after_head: true, ..self.clone() }
    }

    /// Returns the session as a call sees it.
    pub(crate) fn view(&mut self, number: u32) -> Result<&View, SessionError> {
        self.touched = true;
        let index = self.index(number)?;
        if self.calls[index].view.is_none() {
            let view = match self.calls[index].hidden {
                true => View::new(Start::None, Arc::new(Content::new(self.opened_at))),
                false => self.fold(|entry| entry.settled || entry.call == number),
            };
            self.calls[index].view = Some(view);
        }
        self.calls[index].view.as_ref().ok_or(SessionError::Ended)
    }

    /// Returns whether the visitor has no session and no call has done anything, so that reads find
    /// nothing. This counts as a read, too.
    pub(crate) fn is_blank(&mut self) -> bool {
        self.touched = true;
        matches!(self.base, Base::None) && self.log.is_empty()
    }

    /// Returns the user whose other sessions a call may end: the user that the call has seen, or
    /// nobody.
    pub(crate) fn known_user(&mut self, number: u32) -> Result<Option<String>, SessionError> {
        let user = self.view(number)?.content().user_id().map(str::to_owned);
        self.check_epoch(number)?;
        Ok(user)
    }

    /// Performs a change for a call.
    pub(crate) fn push(&mut self, number: u32, op: Op) -> Result<(), SessionError> {
        let logs_out = matches!(op, Op::Logout { .. });
        match op {
            _ if logs_out => {}
            // A visitor has no value to remove, and no id that somebody else could know.
            Op::Remove { .. } | Op::Regenerate if self.is_hidden(number) => return Ok(()),
            _ => self.unhide(number)?,
        }
        self.view(number)?;
        let index = self.index(number)?;
        let changes_identity = op.changes_identity();
        if self.calls[index].epoch != self.epoch && !changes_identity {
            // The data that the call holds belongs to the previous session and must not get into
            // another user's session.
            return Err(SessionError::Superseded);
        }
        // A rejected change is not recorded, and the view is computed again without it.
        let mut view = self.calls[index].view.take().ok_or(SessionError::Ended)?;
        let changes_hands = op.changes_hands(view.content().user_id());
        view.apply(&op);
        let has_data = !changes_identity || matches!(op, Op::Login(_));
        // If the limit was lowered, a session above the limit may still shrink step by step.
        if has_data
            && view.content().size() > self.size_limit
            && view.content().size() > self.view(number)?.content().size()
        {
            return Err(SessionError::TooLarge { limit: self.size_limit });
        }
        if changes_hands {
            self.epoch += 1;
            // A message of the previous session is not put back into this one.
            self.taken.clear();
        }
        if changes_identity {
            // The change takes effect immediately for all calls.
            self.calls[index].epoch = self.epoch;
            self.forget_views();
        }
        // A hidden call has seen a visitor, and not the session that it ends.
        self.calls[index].view = Some(view).filter(|_| !self.calls[index].hidden);
        if logs_out {
            self.calls.iter_mut().for_each(|call| call.hidden = false);
        }
        // An update has returned its value, so it is kept even if the call fails.
        self.note(number, changes_identity || matches!(op, Op::Update { .. }), op);
        Ok(())
    }

    /// Returns the flash message under this key if the call can have it.
    pub(crate) fn flash(&mut self, number: u32, key: &str) -> Result<Option<Message>, SessionError> {
        let value = self.all_flash(number)?.remove(key);
        Ok(value.map(|value| Message { key: key.to_owned(), value }))
    }

    /// Returns the flash messages that the call can have: those of earlier requests.
    pub(crate) fn all_flash(&mut self, number: u32) -> Result<Map<String, Value>, SessionError> {
        let mut offered = self.view(number)?.flash();
        offered.retain(|key, _| !self.flashed.contains(key));
        Ok(offered)
    }

    /// Returns the session with everything that is settled.
    pub(crate) fn settled(&self) -> View {
        self.settled.as_deref().cloned().unwrap_or_else(|| self.fold(|entry| entry.settled))
    }

    /// Adopts what the store has after it refused a write. The changes stay and are repeated on it.
    pub(crate) fn rebase(&mut self, record: Option<Record>) {
        let Base::Live(loaded) = &mut self.base else { return };
        let was = loaded.record.content();
        match record {
            // If the record passed to another user, these writes were not meant for it.
            Some(record) if record.content().user_id() == was.user_id() => {
                loaded.record = record;
            }
            _ => {
                self.base = Base::Lost(match was.user_id() {
                    Some(user) => Remains::Of { user: user.into(), handle: SessionHandle::of(&loaded.key, was) },
                    None => {
                        let mut gathered = Arc::clone(was);
                        if !gathered.flash.map().is_empty() {
                            Arc::make_mut(&mut gathered).flash = Default::default();
                        }
                        Remains::Gathered(gathered)
                    }
                });
            }
        }
        self.forget_views();
    }

    pub(crate) fn loaded(&self) -> Option<&Loaded> {
        match &self.base {
            Base::Live(loaded) => Some(loaded),
            Base::None | Base::Lost(_) => None,
        }
    }

    /// Returns whether the request came without a session or the session is gone.
    pub(crate) fn is_new(&mut self, number: u32) -> bool {
        self.touched = true;
        !self.came || matches!(self.base, Base::Lost(_)) || self.is_hidden(number)
    }

    /// Returns the loaded session if it still is the session of the call.
    pub(crate) fn loaded_of(&mut self, number: u32) -> Result<Option<&Loaded>, SessionError> {
        let is_other = self.view(number)?.replaced || self.is_hidden(number);
        Ok(self.loaded().filter(|_| !is_other))
    }

    /// Returns the id of the session once all calls of the request are saved: `None` if there will
    /// be none. It is unknown if the session gets a new id when it is saved.
    pub(crate) fn id_after(&self) -> Result<Option<&SessionId>, UnknownId> {
        let view = self.fold(|_| true);
        let stays = view.start == Start::Live && !view.replaced;
        match self.loaded() {
            Some(loaded) if stays => Ok(loaded.key.id()),
            _ if view.is_written() => Err(UnknownId),
            _ => Ok(None),
        }
    }

    /// Returns whether the session that came with the request is over and the call knows no other.
    pub(crate) fn is_ended(&mut self, number: u32) -> Result<bool, SessionError> {
        let (came, is_hidden) = (self.came, self.is_hidden(number));
        Ok(is_hidden || self.view(number)?.is_ended() && came)
    }

    /// Returns the user and handle of a lost session that a call has logged out. Another request
    /// may have given it a new id, under which it continues.
    pub(crate) fn lost_by_logout(&self) -> Option<(&str, &SessionHandle)> {
        match &self.base {
            Base::Lost(Remains::Of { user, handle }) if self.settled().logged_out => Some((user, handle)),
            _ => None,
        }
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(crate) fn opened_at(&self) -> u64 {
        self.opened_at
    }

    /// Returns when the store last said that the session exists.
    pub(crate) fn seen_at(&self) -> u64 {
        self.seen_at
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    pub(crate) fn is_after_head(&self) -> bool {
        self.after_head
    }

    /// Returns the lifetime rules of the session. If no cookie can be sent, this request must not
    /// extend the lifetime: the browser would drop the cookie before the store drops the session,
    /// and no later request would know that it has to send the cookie again.
    pub(crate) fn policy(&self, policy: &Policy) -> Policy {
        Policy { sliding: policy.sliding && !self.after_head, ..*policy }
    }

    pub(crate) fn was_presented(&self) -> bool {
        self.presented
    }

    /// Returns whether a call has changed something that is not saved yet.
    pub(crate) fn is_written(&self) -> bool {
        !self.read_only && self.log.iter().any(|entry| entry.settled)
    }

    /// Returns whether a call has read or written the session.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched
    }

    fn note(&mut self, call: u32, settled: bool, op: Op) {
        self.log.push(Entry { number: self.entries, call, settled, op });
        self.entries += 1;
    }

    /// Makes every call compute its view again.
    fn forget_views(&mut self) {
        self.calls.iter_mut().for_each(|call| call.view = None);
        self.settled = None;
    }

    /// Removes log entries that are saved, or that an update includes.
    fn forget(&mut self, entries: &[u32]) {
        self.log.retain(|entry| !entries.contains(&entry.number));
        self.forget_views();
    }

    fn fold(&self, counts: impl Fn(&Entry) -> bool) -> View {
        let mut view = match &self.base {
            Base::None => View::new(Start::None, Arc::new(Content::new(self.opened_at))),
            Base::Live(loaded) => View::new(Start::Live, Arc::clone(loaded.record.content())),
            Base::Lost(Remains::Gathered(content)) => View::lost(Arc::clone(content), None),
            Base::Lost(Remains::Of { user, .. }) => View::lost(Arc::new(Content::new(self.opened_at)), Some(user)),
        };
        for entry in self.log.iter().filter(|entry| counts(entry)) {
            view.apply(&entry.op);
        }
        view
    }
}

impl Loaded {
    fn is_later_than(&self, other: &Self) -> bool {
        self.key == other.key && self.record.version() > other.record.version()
    }
}

impl fmt::Debug for Loaded {
    /// Leaves out the id and the signature, because they are the cookie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("key", &self.key).field("record", &self.record).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(key: &str) -> Op {
        Op::Set { key: key.to_owned(), value: json!(1) }
    }

    /// Runs an update of `n` to 7 that is saved with the rest.
    fn update(state: &mut State, call: u32, meanwhile: impl FnOnce(&mut State)) -> bool {
        state.push(call, Op::Regenerate).expect("the call runs");
        let update = state.begin_update(call, "n").expect("the call runs");
        meanwhile(state);
        assert!(update.is_deferred);
        state.update(call, &update, json!(7)).expect("the call runs")
    }

    fn live() -> State {
        let id = SessionId::generate().expect("entropy");
        let key = StoreKey::new(&"session".into(), &id);
        let record = Record::new(Arc::new(Content::new(0)), 1, 1_000, 0);
        State::new(
            Some(Loaded { key, record, signature: None, renewed: false, mark: Mark::default() }),
            true,
            false,
            0,
            1_000,
        )
    }

    #[test]
    fn an_update_counts_only_for_its_own_base_value() {
        let mut state = live();
        let (call, other) = (state.begin(), state.begin());
        assert!(!update(&mut state, call, |state| state.push(call, set("n")).expect("the call runs")));
        assert!(!update(&mut state, call, |state| {
            state.push(other, Op::Set { key: "n".to_owned(), value: json!(2) }).expect("the call runs");
            state.end(other, true);
        }));
        assert!(update(&mut state, call, |_| ()));
        assert_eq!(state.view(call).expect("the call runs").content().data()["n"], 7);
    }

    #[test]
    fn an_update_replaces_an_earlier_set() {
        let mut state = live();
        let call = state.begin();
        state.push(call, set("n")).expect("the call runs");
        state.push(call, set("m")).expect("the call runs");
        assert!(update(&mut state, call, |_| ()));
        state.end(call, false);
        let settled = state.settled();
        assert_eq!((settled.content().values.get("n"), settled.content().data().len()), (Some(json!(7)), 1));
        assert!(!settled.broken);
    }

    #[test]
    fn a_write_that_is_refused_leaves_no_trace() {
        let mut state = State::new(None, false, false, 0, 20);
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
        let mut state = State::new(None, false, false, 0, 1_000);
        let call = state.begin();
        state.end(call, true);
        for op in [set("a"), Op::Regenerate, Op::Logout { at: 0 }] {
            assert!(matches!(state.push(call, op), Err(SessionError::Ended)));
        }
        assert!(matches!(state.view(call), Err(SessionError::Ended)));
    }
}
