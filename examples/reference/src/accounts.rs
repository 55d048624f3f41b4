//! Accounts, in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use velox_rpc::context::Roles;
use velox_rpc::{Error, Result, schema};

/// An account, as clients see it.
#[schema]
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub email: String,
    pub name: String,
    pub roles: Vec<String>,
}

impl Roles for Account {
    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

#[schema]
pub struct Credentials {
    #[validate(email)]
    pub email: String,
    #[validate(length(min = 1))]
    pub password: String,
}

/// All accounts with their passwords. A real service stores hashes in a database.
pub struct Accounts(Mutex<Vec<(Account, &'static str)>>);

impl Accounts {
    /// Makes the initial accounts.
    pub fn seed() -> Self {
        Self(Mutex::new(seed()))
    }

    /// Restores the initial accounts.
    pub fn reset(&self) {
        *self.all() = seed();
    }

    /// Finds an account by its email address and password.
    ///
    /// # Errors
    ///
    /// Returns 401 if no account matches.
    pub fn verify(&self, Credentials { email, password }: &Credentials) -> Result<Account> {
        let all = self.all();
        let found = all.iter().find(|(account, own)| account.email == *email && own == password);
        match found {
            Some((account, _)) => Ok(account.clone()),
            None => Err(Error::unauthorized("Invalid credentials").with_code("INVALID_CREDENTIALS")),
        }
    }

    /// Finds an account by its id.
    pub fn by_id(&self, id: &str) -> Option<Account> {
        self.all().iter().find(|(account, _)| account.id == id).map(|(account, _)| account.clone())
    }

    /// Returns all accounts.
    pub fn list(&self) -> Vec<Account> {
        self.all().iter().map(|(account, _)| account.clone()).collect()
    }

    /// Changes the name of an account.
    pub fn rename(&self, id: &str, name: String) -> Option<Account> {
        let mut all = self.all();
        let (account, _) = all.iter_mut().find(|(account, _)| account.id == id)?;
        account.name = name;
        Some(account.clone())
    }

    pub fn remove(&self, id: &str) {
        self.all().retain(|(account, _)| account.id != id);
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Account, &'static str)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seed() -> Vec<(Account, &'static str)> {
    [
        ("u1", "alice@example.com", "wonderland-1", "Alice", &["user"][..]),
        ("u2", "bob@example.com", "builder-22", "Bob", &["user"]),
        ("u3", "admin@example.com", "root-of-all-3", "Admin", &["user", "admin"]),
        ("u4", "temp@example.com", "short-lived-4", "Temp", &["user"]),
    ]
    .into_iter()
    .map(|(id, email, password, name, roles)| {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        (Account { id: id.to_owned(), email: email.to_owned(), name: name.to_owned(), roles }, password)
    })
    .collect()
}
