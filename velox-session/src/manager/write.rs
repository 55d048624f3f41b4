//! Writes one record to the store: over the loaded one, or under a new id.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::save::{Carried, Save};
use crate::clock::milliseconds;
use crate::event::Event;
use crate::id::{EntropyError, SessionId};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::session::error::CloseError;
use crate::session::plan::{Plan, StoreOp};
use crate::session::state::Loaded;
use crate::store::{Condition, Created, Expected, Login, NewSession, Stored};

impl Save<'_> {
    /// Replaces the loaded record if the store still has that version.
    pub(super) async fn update(
        &self,
        content: &Arc<Content>,
        ttl: Duration,
        loaded: &Loaded,
    ) -> Result<Carried, CloseError> {
        let engine = self.engine;
        engine.fits(content, Some(&loaded.record))?;
        let (mark, expected) = (engine.revocations.mark(), loaded.record.version());
        let record = self.record(content, expected + 1, ttl);
        let stored = engine.store().set(&loaded.key, record.clone(), Expected::Version(expected), ttl).await;
        Ok(match engine.noted(stored)? {
            Stored::Yes => Carried::Done(Some(Loaded { record, renewed: true, mark, ..loaded.clone() })),
            Stored::Conflict(present) => Carried::Conflict(present),
        })
    }

    /// Inserts a record under a new id.
    pub(super) async fn create(
        &self,
        plan: &Plan,
        content: &Arc<Content>,
        ttl: Duration,
        replaced: Option<&Loaded>,
    ) -> Result<Carried, CloseError> {
        let engine = self.engine;
        engine.fits(content, replaced.map(|loaded| &loaded.record))?;
        let user = content.user_id();
        let login = plan.logged_in.then(|| self.login());
        let ends_others = plan.end_all_of.iter().any(|ended| Some(&**ended) == user);
        // A visitor's new session ends no other.
        let before = engine.revocations.mark();
        let ending = (replaced.is_some() || login.is_some()).then(|| engine.revocations.ending());
        let replaces = replaced.map(|loaded| (&loaded.key, Condition::Version(loaded.record.version())));
        let record = self.record(content, FIRST_VERSION, ttl);
        for _ in 0..MAX_IDS {
            let id = SessionId::generate()?;
            let key = StoreKey::new(&engine.prefix, &id);
            let new = NewSession { replaces, login, ends_others, ..NewSession::new(&key, record.clone(), ttl) };
            match engine.noted(engine.store().create(new).await)? {
                Created::Yes { ended } => {
                    let mark = ending.as_ref().map_or(before, |ending| ending.mark());
                    if ending.is_some() {
                        drop(ending);
                        engine.count_ended(ended);
                        engine.check_streams(replaced.map(|loaded| &loaded.key), user.filter(|_| ended > 0));
                    }
                    self.report(plan, Some(&key));
                    return Ok(Carried::Done(Some(Loaded { key, record, signature: None, renewed: true, mark })));
                }
                Created::Conflict(present) => return Ok(Carried::Conflict(present)),
                Created::Revoked => return Err(CloseError::Conflict),
                Created::Taken => {}
            }
        }
        // Ids do not collide. If the store reports a collision, the random generator or the store
        // is broken, and the session stored under this id must not be touched.
        Err(EntropyError::Broken.into())
    }

    fn record(&self, content: &Arc<Content>, version: u64, ttl: Duration) -> Record {
        Record::new(Arc::clone(content), version, self.now.saturating_add(milliseconds(ttl)), self.now)
    }

    fn login(&self) -> Login {
        // Clocks count whole milliseconds. Subtracting one ensures that a login that began before
        // all sessions ended is never taken for a later one.
        let since = self.now.saturating_sub(self.state.opened_at()).saturating_sub(1);
        let Engine { session_limit: limit, limit_is_strict: strict, .. } = *self.engine;
        Login { since: Duration::from_millis(since), limit, strict }
    }

    /// Counts and logs what was done.
    pub(super) fn report(&self, plan: &Plan, new: Option<&StoreKey>) {
        let events = &self.engine.events;
        let (what, counted): (_, &[&Event]) = match (&plan.store, plan.logged_in) {
            (StoreOp::Create { .. }, true) => ("session began with a login", &[&events.begun, &events.logins]),
            (StoreOp::Create { .. }, false) => ("session began", &[&events.begun]),
            (StoreOp::Rotate { .. } | StoreOp::Replace { .. }, true) => {
                ("session got a new id with a login", &[&events.logins])
            }
            (StoreOp::Rotate { .. }, false) => ("session got a new id", &[&events.rotations]),
            // This is a logout followed by a write.
            (StoreOp::Replace { .. }, false) => ("session ended, and another began", &[&events.logouts, &events.begun]),
            (StoreOp::Destroy, _) => ("session ended", &[&events.logouts]),
            (StoreOp::Nothing | StoreOp::Confirm { .. } | StoreOp::Update { .. }, _) => return,
        };
        counted.iter().for_each(|event| event.add(1));
        tracing::info!(
            cookie = self.engine.name,
            session = new.map(StoreKey::fingerprint),
            before = self.state.loaded().map(|loaded| loaded.key.fingerprint()),
            "{what}"
        );
    }
}

impl Engine {
    /// If the limit was lowered, a record above the limit may still shrink step by step.
    fn fits(&self, content: &Content, present: Option<&Record>) -> Result<(), CloseError> {
        let present = present.map_or(0, |record| record.content().size());
        if content.size() > self.size_limit.max(present) {
            return Err(CloseError::TooLarge { limit: self.size_limit });
        }
        Ok(())
    }

    /// Counts that another request has changed the session meanwhile.
    pub(super) fn conflicted(&self, loaded: Option<&Loaded>, now: u64) {
        if let (Some(loaded), Some(suppressed)) = (loaded, self.events.conflict.count(now)) {
            tracing::debug!(session = loaded.key.fingerprint(), suppressed, "session was changed by another request");
        }
    }
}

const MAX_IDS: usize = 5;
const FIRST_VERSION: u64 = 1;
