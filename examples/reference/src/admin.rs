//! What is not for everybody.

use velox_rpc::http::Method;
use velox_rpc::procedure::has_role;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::AppState;
use crate::accounts::Account;
use crate::guards::{api_key, open_hours};
use crate::sessions::MainSession;

/// What is behind guards.
pub struct Admin {
    /// The main sessions.
    pub session: MainSession,
}

/// How much there is.
#[schema]
pub struct Stats {
    /// How many users.
    pub users: usize,
}

/// A report.
#[schema]
pub struct Report {
    /// The title.
    #[validate(length(min = 1))]
    pub title: String,
}

#[router("admin", state = AppState)]
impl Admin {
    /// How much there is, for who has the key.
    pub fn get_stats(&self) -> Query<(), Stats> {
        procedure()
            .rest(Method::GET, "/admin/stats")
            .guard(api_key())
            .query(|Call { ctx, .. }| Ok(Stats { users: ctx.data.tables().users.rows.len() }))
    }

    /// Makes a report, for who has the key, in opening hours.
    pub fn create_report(&self) -> Mutation<Report, Report> {
        procedure()
            .rest(Method::POST, "/admin/reports")
            .guards((api_key(), open_hours()))
            .input::<Report>()
            .mutation(|Call { input, .. }| Ok(input))
    }

    /// Every account, for administrators.
    pub fn list_accounts(&self) -> Query<(), Vec<Account>> {
        procedure()
            .rest(Method::GET, "/admin/accounts")
            .use_(self.session.required())
            .guard(has_role("admin"))
            .query(|Call { ctx, .. }| Ok(ctx.accounts.list()))
    }
}
