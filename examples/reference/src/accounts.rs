//! Who may log in: the accounts, in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use velox_rpc::context::Roles;
use velox_rpc::{Error, Result, schema};

/// An account, as clients see it.
#[schema]
#[derive(Clone, Debug)]
pub struct Account {
    /// The id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The owner's name.
    pub name: String,
    /// What the owner may do.
    pub roles: Vec<String>,
}

impl Roles for Account {
    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// What somebody logs in with.
#[schema]
pub struct Credentials {
    /// The e-mail address.
    #[validate(email)]
    pub email: String,
    /// The password.
    #[validate(length(min = 1))]
    pub password: String,
}

/// All accounts, with their passwords. A real service keeps hashes, in a database.
pub struct Accounts(Mutex<Vec<(Account, &'static str)>>);

impl Accounts {
    /// The accounts that there are at the start.
    pub fn seed() -> Self {
        Self(Mutex::new(seed()))
    }

    /// Goes back to the accounts of the start.
    pub fn reset(&self) {
        *self.all() = seed();
    }

    /// The account of an e-mail address and its password.
    ///
    /// # Errors
    ///
    /// 401 if there is none.
    pub fn verify(&self, Credentials { email, password }: &Credentials) -> Result<Account> {
        let all = self.all();
        let found = all.iter().find(|(account, own)| account.email == *email && own == password);
        match found {
            Some((account, _)) => Ok(account.clone()),
            None => Err(Error::unauthorized("Invalid credentials").with_code("INVALID_CREDENTIALS")),
        }
    }

    /// The account of an id.
    pub fn by_id(&self, id: &str) -> Option<Account> {
        self.all().iter().find(|(account, _)| account.id == id).map(|(account, _)| account.clone())
    }

    /// Every account.
    pub fn list(&self) -> Vec<Account> {
        self.all().iter().map(|(account, _)| account.clone()).collect()
    }

    /// Gives an account another name.
    pub fn rename(&self, id: &str, name: String) -> Option<Account> {
        let mut all = self.all();
        let (account, _) = all.iter_mut().find(|(account, _)| account.id == id)?;
        account.name = name;
        Some(account.clone())
    }

    /// Deletes an account.
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
