//! Procedures for administrators and for holders of an API key.

use velox_rpc::http::Method;
use velox_rpc::procedure::has_role;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::AppState;
use crate::accounts::Account;
use crate::guards::{api_key, open_hours};
use crate::sessions::MainSession;

pub struct Admin {
    pub session: MainSession,
}

#[schema]
pub struct Stats {
    pub users: usize,
}

#[schema]
pub struct Report {
    #[validate(length(min = 1))]
    pub title: String,
}

#[router("admin", state = AppState)]
impl Admin {
    /// Returns statistics to callers with the API key.
    pub fn get_stats(&self) -> Query<(), Stats> {
        procedure()
            .rest(Method::GET, "/admin/stats")
            .guard(api_key())
            .query(|Call { ctx, .. }| Ok(Stats { users: ctx.data.tables().users.rows.len() }))
    }

    /// Makes a report for callers with the API key, during opening hours.
    pub fn create_report(&self) -> Mutation<Report, Report> {
        procedure()
            .rest(Method::POST, "/admin/reports")
            .guards((api_key(), open_hours()))
            .input::<Report>()
            .mutation(|Call { input, .. }| Ok(input))
    }

    /// Lists all accounts, for administrators.
    pub fn list_accounts(&self) -> Query<(), Vec<Account>> {
        procedure()
            .rest(Method::GET, "/admin/accounts")
            .use_(self.session.required())
            .guard(has_role("admin"))
            .query(|Call { ctx, .. }| Ok(ctx.accounts.list()))
    }
}
