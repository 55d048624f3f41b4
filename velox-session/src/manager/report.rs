//! What is counted and said of a plan that was carried out.

use super::Inner;
use super::fresh::Fresh;
use crate::session::plan::{Plan, StoreOp};
use crate::session::state::State;

impl Inner {
    /// Counts what was done, and says so.
    pub(super) fn report(&self, plan: &Plan, state: &State, fresh: Option<&Fresh>) {
        let logged_in = plan.others.logged_in;
        let what = match &plan.store {
            StoreOp::Rotate { .. } | StoreOp::Replace { .. } if logged_in => "session got a new id with a login",
            StoreOp::Rotate { .. } => "session got a new id",
            // Without a login it comes of a logout, and of what was written afterwards.
            StoreOp::Replace { .. } => "session ended, and another began",
            StoreOp::Create { .. } if logged_in => "session began with a login",
            StoreOp::Create { .. } => "session began",
            StoreOp::Destroy => "session ended",
            StoreOp::Nothing | StoreOp::Confirm { .. } | StoreOp::Update { .. } => return,
        };
        let events = &self.events;
        events.logins.add(u64::from(logged_in && !matches!(plan.store, StoreOp::Destroy)));
        match &plan.store {
            StoreOp::Create { .. } => events.begun.add(1),
            StoreOp::Rotate { .. } if !logged_in => events.rotations.add(1),
            StoreOp::Replace { .. } if !logged_in => {
                events.logouts.add(1);
                events.begun.add(1);
            }
            StoreOp::Destroy => events.logouts.add(1),
            _ => {}
        }
        let session = fresh.map(|fresh| fresh.key.fingerprint());
        let before = state.loaded().map(|loaded| loaded.key.fingerprint());
        tracing::info!(cookie = self.name, session, before, "{what}");
    }
}
