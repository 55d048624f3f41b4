//! The state of the application.

use std::sync::Arc;

use crate::accounts::Accounts;
use crate::list::List;

/// What every handler reaches through `ctx`.
pub struct AppState {
    /// Who may log in.
    pub accounts: Arc<Accounts>,
    /// What everybody sees and changes.
    pub list: Arc<List>,
}
