//! Two accounts, in memory.

use velox_rpc::{Error, Result, schema};

use crate::auth::LoginInput;

/// An account, as clients see it.
#[schema]
#[derive(Clone)]
pub struct Account {
    pub id: String,
    pub email: String,
    pub name: String,
}

/// All accounts with their passwords. A real service stores hashes and uses a database.
pub struct Accounts(Vec<(Account, &'static str)>);

impl Accounts {
    /// Makes the accounts of the example.
    pub fn seed() -> Self {
        let account = |id: &str, email: &str, name: &str| Account {
            id: id.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
        };
        Self(vec![
            (account("u1", "alice@example.com", "Alice"), "wonderland-1"),
            (account("u2", "bob@example.com", "Bob"), "builder-22"),
        ])
    }

    /// Finds an account by its email address and password.
    pub async fn verify(&self, credentials: &LoginInput) -> Result<Account> {
        let found = self
            .0
            .iter()
            .find(|(account, password)| account.email == credentials.email && *password == credentials.password);
        match found {
            Some((account, _)) => Ok(account.clone()),
            None => Err(Error::unauthorized("Invalid credentials").with_code("INVALID_CREDENTIALS")),
        }
    }
}
