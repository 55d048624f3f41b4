//! Two accounts, in memory.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An account, as clients see it.
#[derive(Clone, Serialize)]
pub struct Account {
    pub id: String,
    pub email: String,
    pub name: String,
}

#[derive(Deserialize)]
pub struct Credentials {
    pub email: String,
    pub password: String,
}

/// All accounts with their passwords. A real service stores hashes and uses a database.
#[derive(Clone)]
pub struct Accounts(Arc<Vec<(Account, &'static str)>>);

impl Accounts {
    /// Makes the accounts of the example.
    pub fn seed() -> Self {
        let account =
            |id: &str, email: &str, name: &str| Account { id: id.into(), email: email.into(), name: name.into() };
        Self(Arc::new(vec![
            (account("u1", "alice@example.com", "Alice"), "wonderland-1"),
            (account("u2", "bob@example.com", "Bob"), "builder-22"),
        ]))
    }

    /// Finds an account by its email address and password.
    pub fn verify(&self, Credentials { email, password }: &Credentials) -> Option<Account> {
        let found = self.0.iter().find(|(account, secret)| account.email == *email && secret == password);
        found.map(|(account, _)| account.clone())
    }

    /// Finds an account by its id.
    pub fn find(&self, id: &str) -> Option<Account> {
        self.0.iter().find(|(account, _)| account.id == id).map(|(account, _)| account.clone())
    }
}
