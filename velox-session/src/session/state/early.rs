//! Saves that happen before the request ends: an update, the removal of a flash message that is
//! read, and all changes of a call that asks for it.

use serde_json::Value;
use smallvec::SmallVec;

use super::{Base, Entry, Loaded, Message, State};
use crate::key::StoreKey;
use crate::session::error::SessionError;
use crate::session::op::Op;

/// An update of the value under a key.
pub(crate) struct Update {
    key: String,
    /// The value that the call sees.
    pub(crate) present: Option<Value>,
    /// The update is saved with the rest at the end of the request, because the session gets a new
    /// id then or nothing of it is saved.
    pub(crate) is_deferred: bool,
    /// The log entries that the present value results from.
    behind: Vec<u32>,
    /// The value before them.
    given: Option<Value>,
}

impl Update {
    fn to(&self, value: Value) -> Op {
        Op::Update { key: self.key.clone(), given: self.given.clone(), value }
    }
}

impl State {
    /// Returns the update of a key, to be given the new value.
    pub(crate) fn begin_update(&mut self, number: u32, key: &str) -> Result<Update, SessionError> {
        self.unhide(number)?;
        let view = self.view(number)?;
        let (present, is_own) = (view.content().values.get(key), view.is_own());
        self.check_epoch(number)?;
        let is_deferred = is_own || self.read_only;
        if !is_deferred && matches!(self.base, Base::Lost(_)) {
            return Err(SessionError::Conflict);
        }
        let counts = |entry: &&Entry| entry.settled || entry.call == number;
        let behind = self.log.iter().filter(counts).filter(|entry| entry.op.decides(key));
        let behind: Vec<_> = behind.map(|entry| entry.number).collect();
        let before = self.fold(|entry| counts(&entry) && !behind.contains(&entry.number));
        let given = before.content().values.get(key);
        Ok(Update { key: key.to_owned(), present, is_deferred, behind, given })
    }

    /// Records an update that is saved at the end of the request. Returns `false` if the value was
    /// changed meanwhile and the update has to be repeated.
    pub(crate) fn update(&mut self, number: u32, update: &Update, value: Value) -> Result<bool, SessionError> {
        if self.view(number)?.content().values.get(&update.key) != update.present {
            return Ok(false);
        }
        self.push(number, update.to(value))?;
        self.forget(&update.behind);
        Ok(true)
    }

    /// Returns the session to save for an update, which is the only change in it. A session that
    /// does not exist yet begins with it, at this time.
    pub(crate) fn with_update(
        &self,
        number: u32,
        update: &Update,
        value: Value,
        at: u64,
    ) -> Result<Self, SessionError> {
        self.check_epoch(number)?;
        Ok(Self { opened_at: at, ..self.with_only(update.to(value)) })
    }

    /// Notes that an update was saved. `epoch` is that of the saved session.
    pub(crate) fn updated(&mut self, update: &Update, epoch: u32) -> Result<(), SessionError> {
        self.forget(&update.behind);
        // If the session changed hands during the store call, the update went into the previous
        // session.
        if epoch == self.epoch { Ok(()) } else { Err(SessionError::Superseded) }
    }

    /// Returns the session to save without a flash message, if the call can still take the message.
    pub(crate) fn without_message(&mut self, number: u32, message: &Message) -> Result<Option<Self>, SessionError> {
        let offered = self.flash(number, &message.key)?;
        let op = Op::Take { key: message.key.clone(), value: message.value.clone() };
        Ok((offered.as_ref() == Some(message)).then(|| self.with_only(op)))
    }

    /// Notes that a call has taken a flash message. `epoch` is that of the saved session.
    pub(crate) fn message_taken(&mut self, number: u32, message: Message, epoch: u32) {
        // If the session changed hands during the store call, the message is not put back into the
        // next session.
        if epoch == self.epoch {
            self.taken.push((number, message));
        }
    }

    fn with_only(&self, op: Op) -> Self {
        // No entry of the request's log has this number, so saving this one removes none of them.
        let entry = Entry { number: u32::MAX, call: u32::MAX, settled: true, op };
        Self {
            base: self.base.clone(),
            log: vec![entry],
            calls: SmallVec::new(),
            settled: None,
            flashed: Vec::new(),
            taken: Vec::new(),
            ..*self
        }
    }

    /// Returns the session to save before the call ends, with all changes of the call.
    pub(crate) fn with_settled(&mut self, number: u32) -> Result<Self, SessionError> {
        self.check_epoch(number)?;
        let mut state = Self { settled: None, ..self.clone() };
        state.log.iter_mut().filter(|entry| entry.call == number).for_each(|entry| entry.settled = true);
        Ok(state)
    }

    /// Adopts a session that was saved before the end of the request, as `saved` describes it.
    /// `before` is the key that the session had, and `left` is the session that exists now, if any.
    /// Returns `false` if `left` is new and must not stay, because another call has begun the
    /// session or given it a new id meanwhile.
    pub(crate) fn saved_now(
        &mut self,
        saved: &Self,
        before: Option<&StoreKey>,
        left: Option<Loaded>,
        is_over: bool,
        at: u64,
    ) -> bool {
        let is_there = self.loaded().map(|loaded| &loaded.key) == before;
        match left {
            Some(left) if before == Some(&left.key) => {
                // Another call of the request may have saved a later version.
                if let Base::Live(loaded) = &mut self.base
                    && left.is_later_than(loaded)
                {
                    *loaded = left;
                    self.seen_at = at;
                }
            }
            Some(_) if !is_there => return false,
            Some(left) => {
                if let Base::None = self.base {
                    // A regeneration had no effect on a visitor without a session, whose id nobody
                    // could know.
                    self.log.retain(|entry| !matches!(entry.op, Op::Regenerate));
                }
                self.base = Base::Live(left);
                self.seen_at = at;
            }
            None if is_over && is_there => {
                self.base = Base::None;
                // Later changes come after this logout, and the cookie is removed at the end of the
                // request.
                self.note(u32::MAX, true, Op::Logout { at });
                self.log.rotate_right(1);
            }
            None => {}
        }
        let done = || saved.log.iter().filter(|entry| entry.settled);
        self.flashed.extend(done().filter_map(|entry| entry.op.flashes()).map(str::to_owned));
        self.forget(&done().map(|entry| entry.number).collect::<Vec<_>>());
        true
    }

    /// Adopts what `told` has learned from the store about the session with this key.
    pub(crate) fn adopt(&mut self, told: &Self, key: &StoreKey) {
        if let Base::Live(loaded) = &self.base
            && loaded.key == *key
            && told.loaded().is_none_or(|present| present.is_later_than(loaded))
        {
            self.base = told.base.clone();
            self.forget_views();
        }
    }
}
