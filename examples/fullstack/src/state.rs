//! The state of the application.

use std::sync::Arc;

use crate::accounts::Accounts;
use crate::list::List;

/// The state that every handler reaches through `ctx`.
pub struct AppState {
    pub accounts: Arc<Accounts>,
    pub list: Arc<List>,
}
