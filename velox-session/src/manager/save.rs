//! Carries out a plan at the end of a request, with one store call after the other. If another
//! request has saved something meanwhile, it starts again from there.
//!
//! Some changes are saved earlier, in the same way: an update, so that it returns the saved value,
//! and the removal of a flash message that is read, so that exactly one of several readers gets it.
//!
//! Other sessions that have to end are ended first, unless the store ends them in the same step
//! that inserts this session. A failure then leaves this session as it was, unless all sessions of
//! its user had to end: then it has ended with the others. A session replaces another one only if
//! that one is still as it was loaded, so no confirmed write is lost and no ended session comes
//! back.

use std::pin::pin;
use std::sync::Arc;

use super::closing::Closing;
use super::engine::Engine;
use super::shared::Shared;
use crate::record::{Content, Record};
use crate::session::SessionError;
use crate::session::error::CloseError;
use crate::session::plan::{CookieOp, Plan, StoreOp, plan, plan_read};
use crate::session::state::{Loaded, State};
use crate::store::{Condition, Destroyed};

/// Saves the changes of a request, or of a call that is still running.
pub(super) struct Save<'a> {
    pub(super) engine: &'a Engine,
    shared: &'a Shared,
    pub(super) state: Box<State>,
    /// The time when the present plan was made.
    pub(super) now: u64,
    /// The other sessions that had to end before this one have been ended.
    others_ended: bool,
    /// This session has been ended with them.
    own_ended: bool,
}

/// The outcome of a plan.
pub(super) enum Carried {
    /// The session that is left, if the plan leaves one.
    Done(Option<Loaded>),
    /// The store has this record now, or none.
    Conflict(Option<Record>),
}

impl Shared {
    /// Takes the session, saves it, and returns the headers for the response.
    pub(super) async fn save(&self, engine: &Engine) -> Result<Closing, CloseError> {
        let Some(state) = self.take() else { return Ok(Closing::default()) };
        let mut save = Save::new(engine, self, state);
        let (plan, left) = self.in_time(pin!(save.run())).await?;
        Ok(engine.closing(plan.cookie, left.as_ref(), &save.state))
    }

    /// Saves `state`, a part of what the request has changed, before the request ends. Calls `then`
    /// with the epoch of what was saved. Returns `None` if the session got a new id meanwhile, so
    /// that the part has to be saved under that id.
    pub(super) async fn save_now<T>(
        &self,
        state: State,
        then: impl FnOnce(&mut State, u32) -> Result<T, SessionError>,
    ) -> Result<Option<T>, SessionError> {
        let before = state.loaded().map(|loaded| loaded.key.clone());
        let mut save = Save::new(&self.engine, self, Box::new(state));
        let saved = self.in_time(pin!(save.run())).await;
        let (plan, left) = match saved {
            Ok(saved) => saved,
            Err(error) => {
                if let (CloseError::Conflict, Some(before)) = (&error, before) {
                    // A session whose lifetime is over is not written to. It counts as gone.
                    let present = save.state.loaded().map(|loaded| loaded.record.clone());
                    save.state.rebase(self.engine.live(present, save.now));
                    self.with(|state| {
                        state.adopt(&save.state, &before);
                        Ok(())
                    })?;
                }
                return Err(error.into());
            }
        };
        let (at, is_over) = (self.engine.now(), plan.cookie == CookieOp::Remove);
        let begun = left.as_ref().map(|left| left.key.clone());
        let adopted = self.with(|state| match state.saved_now(&save.state, before.as_ref(), left, is_over, at) {
            true => then(state, save.state.epoch()).map(Some),
            false => Ok(None),
        });
        if let (Ok(None), Some(begun)) = (&adopted, begun) {
            // If this fails, the session expires unused, because nobody has its id.
            self.in_time(pin!(self.engine.destroy(&begun, Condition::Always))).await.ok();
        }
        adopted
    }
}

impl<'a> Save<'a> {
    fn new(engine: &'a Engine, shared: &'a Shared, state: Box<State>) -> Self {
        Self { engine, shared, state, now: engine.now(), others_ended: false, own_ended: false }
    }

    /// Returns the plan that was carried out, and the session that is left.
    async fn run(&mut self) -> Result<(Plan, Option<Loaded>), CloseError> {
        let began = self.now;
        for _ in 0..MAX_ATTEMPTS {
            let plan = plan(&self.state, self.now, &self.engine.policy)?;
            let carried = match self.end_others(&plan).await? {
                true => self.carry(&plan).await?,
                false => Carried::Conflict(None),
            };
            match carried {
                Carried::Done(left) => return Ok((plan, left)),
                Carried::Conflict(present) => {
                    let before = std::mem::replace(&mut self.now, self.engine.now());
                    self.engine.conflicted(self.state.loaded(), self.now);
                    match present {
                        Some(record) if !self.engine.is_live(&record, self.now) => self.end_expired(&record).await?,
                        present => self.state.rebase(present),
                    }
                    // It gives up between two attempts. A store call that is cut off may have been
                    // carried out.
                    let [so_far, last] = [began, before].map(|time| self.now.saturating_sub(time));
                    if !self.shared.may_wait(so_far.saturating_add(last)) {
                        break;
                    }
                }
            }
        }
        Err(CloseError::Conflict)
    }

    /// Ends a session whose lifetime is over, so that no other request renews it after this one has
    /// counted it as gone. If another request was faster, the next attempt sees what it wrote.
    async fn end_expired(&mut self, record: &Record) -> Result<(), CloseError> {
        let Some(loaded) = self.state.loaded() else { return Ok(()) };
        let condition = Condition::Version(record.version());
        if self.engine.destroy(&loaded.key, condition).await? != Destroyed::Conflict {
            self.state.rebase(None);
        }
        Ok(())
    }

    /// Ends the sessions that have to end before this one is saved. This includes a session that a
    /// logout has ended and that has got a new id since. Returns `false` if the session that should
    /// continue is gone; then nothing was ended.
    async fn end_others(&mut self, plan: &Plan) -> Result<bool, CloseError> {
        let new_user = plan.store.created().and_then(|content| content.user_id());
        let goes_on = plan.store.created().is_none() && plan.store != StoreOp::Destroy;
        for user in plan.end_all_of.iter().filter(|_| !self.others_ended) {
            if new_user == Some(user) {
                continue;
            }
            let is_own = |loaded: &&Loaded| loaded.record.content().user_id() == Some(user);
            let own = self.state.loaded().filter(is_own).map(|loaded| &loaded.key);
            let Some(ended) = self.engine.end_all(user, own.filter(|_| goes_on)).await? else { return Ok(false) };
            let mut others = ended;
            if let Some(own) = own.filter(|_| !goes_on) {
                // The list of the user may lack this session. Otherwise it was one of those that
                // ended.
                let was_listed = self.engine.destroy(own, Condition::Always).await? == Destroyed::Absent;
                others = ended.saturating_sub(u64::from(was_listed));
                self.own_ended = true;
            }
            self.engine.count_ended(others);
        }
        self.others_ended = true;
        if let Some((user, handle)) = self.state.lost_by_logout()
            && !plan.end_all_of.iter().any(|ended| ended == user)
        {
            match self.engine.end(user, handle).await {
                Err(error) if !error.is_unsupported() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(true)
    }

    async fn carry(&self, plan: &Plan) -> Result<Carried, CloseError> {
        let engine = self.engine;
        match (&plan.store, self.state.loaded()) {
            (StoreOp::Create { content, ttl }, _) => self.create(plan, content, *ttl, None).await,
            // A session that needs no confirmation was closed without a store call.
            (StoreOp::Confirm { ttl, .. }, Some(loaded)) => {
                let alive = engine.noted(engine.store().touch(&loaded.key, *ttl).await)?;
                // The session was ended meanwhile, so its cookie is not sent again.
                Ok(Carried::Done(alive.then(|| loaded.clone())))
            }
            (StoreOp::Update { content, ttl }, Some(loaded)) => self.update(content, *ttl, loaded).await,
            (StoreOp::Rotate { content, ttl }, Some(loaded)) => {
                self.create(plan, &with_handle(content, loaded), *ttl, Some(loaded)).await
            }
            (StoreOp::Replace { content, ttl }, loaded) => {
                self.create(plan, content, *ttl, loaded.filter(|_| !self.own_ended)).await
            }
            (StoreOp::Destroy, Some(loaded)) => {
                if !self.own_ended && engine.destroy(&loaded.key, Condition::Always).await? == Destroyed::Absent {
                    return Ok(Carried::Conflict(None));
                }
                self.report(plan, None);
                Ok(Carried::Done(None))
            }
            // All other operations concern a loaded record.
            (StoreOp::Nothing, _) | (_, None) => Ok(Carried::Done(None)),
        }
    }
}

impl Engine {
    /// Closes a session without a future, unless it was written to or the store has to be asked.
    /// Most sessions are only read, and the future that carries out a plan is large.
    pub(super) fn close_at_once(&self, state: &State) -> Option<Closing> {
        if state.is_written() {
            return None;
        }
        // Without a session, no cookie needs renewal, so the clock does not matter.
        let Some(loaded) = state.loaded() else { return Some(Closing::new(None, state.is_touched())) };
        let plan = plan_read(state, self.now(), &self.policy);
        let left = match plan.store {
            StoreOp::Nothing => None,
            StoreOp::Confirm { doubt: false, .. } if self.revocations.mark() == loaded.mark => Some(loaded),
            _ => return None,
        };
        Some(self.closing(plan.cookie, left, state))
    }

    /// Returns the response headers for a plan that was carried out, with the session that is left.
    fn closing(&self, cookie: CookieOp, left: Option<&Loaded>, state: &State) -> Closing {
        let line = match (cookie, left) {
            (CookieOp::Issue { max_age }, Some(Loaded { key, record, signature, .. })) => key.id().map(|id| {
                let signature = signature.unwrap_or_else(|| self.signer.sign(id));
                self.writer.issue(id, &signature, max_age, record.max_age().is_some())
            }),
            (CookieOp::Remove, _) => Some(self.writer.remove()),
            (CookieOp::Issue { .. }, None) | (CookieOp::Nothing, _) => None,
        };
        Closing::new(line, state.is_touched())
    }
}

/// Returns the content of a session that continues under a new id. Its user still sees it under the
/// same handle.
fn with_handle(content: &Arc<Content>, loaded: &Loaded) -> Arc<Content> {
    let mut content = Arc::clone(content);
    let before = loaded.record.content();
    if content.handle.is_none() && content.user_id().is_some() && before.user_id() == content.user_id() {
        Arc::make_mut(&mut content).handle = Some(Box::new(loaded.key.digest()));
    }
    content
}

/// Each refused write means that another one succeeded, so only very many concurrent requests of
/// one session reach this number.
pub(super) const MAX_ATTEMPTS: usize = 100;
