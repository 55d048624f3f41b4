//! Closes a session that was at most read, as most are. That asks no store unless there is doubt, and so takes no future: the one that
//! carries out a plan is large, for all the ways it can go.

use super::{Closing, Inner};
use crate::session::plan::{StoreOp, plan_read};
use crate::session::state::State;

impl Inner {
    /// Closes a session, unless it was written to or the store has to be asked.
    pub(super) fn close_at_once(&self, state: &State) -> Option<Closing> {
        if state.is_written() {
            return None;
        }
        let plan = plan_read(state, self.clock.now(), &self.policy);
        let id = match (plan.store, state.loaded()) {
            (StoreOp::Nothing, _) => None,
            (StoreOp::Confirm { doubt: false, .. }, Some(loaded))
                if !self.deaths.may_include(&loaded.key, loaded.mark) =>
            {
                Some(&loaded.id)
            }
            _ => return None,
        };
        Some(self.closing(plan.cookie, id, state))
    }
}
