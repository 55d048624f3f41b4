//! Accounts in memory, with hashed passwords.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use velox_rpc::{Error, Result, schema};

/// An account, as its owner sees it.
#[schema]
#[derive(Clone)]
pub struct Account {
    pub id: String,
    pub email: String,
    pub name: String,
}

/// Stores all accounts. A real service would use a database.
pub struct Accounts {
    stored: Mutex<Vec<Stored>>,
    /// Limits how many hashes are computed at once. Each takes 19 MiB and a whole core.
    hashing: Semaphore,
}

struct Stored {
    account: Account,
    password: PasswordHash,
}

impl Accounts {
    /// Creates the store without accounts.
    pub fn empty() -> Self {
        Self { stored: Mutex::default(), hashing: Semaphore::new(HASHES_AT_A_TIME) }
    }

    /// Creates an account.
    ///
    /// # Errors
    ///
    /// Returns 409 if the e-mail address has an account already.
    pub async fn open(&self, name: String, email: &str, password: String) -> Result<Account> {
        let email = email.to_lowercase();
        self.refuse_taken(&email)?;
        let password = self.hashing(move |argon| argon.hash_password(password.as_bytes())).await?;
        let password = password.map_err(Error::internal)?;

        let mut stored = self.stored();
        let account = Account { id: format!("u{}", stored.len() + 1), email, name };
        // Another request may have opened it in the meantime.
        if stored.iter().any(|other| other.account.email == account.email) {
            return Err(taken());
        }
        stored.push(Stored { account: account.clone(), password });
        Ok(account)
    }

    /// Returns the account with this e-mail address and password.
    ///
    /// # Errors
    ///
    /// Returns 401 if the address has no account or the password is wrong.
    pub async fn verify(&self, email: &str, password: String) -> Result<Account> {
        let email = email.to_lowercase();
        let known = self.stored().iter().find(|stored| stored.account.email == email).map(Stored::both);
        let (account, hash) = known.unzip();
        let is_right = self.hashing(move |argon| match hash {
            Some(hash) => argon.verify_password(password.as_bytes(), &hash).is_ok(),
            // Hash anyway. Otherwise the response time would reveal which addresses have an
            // account.
            None => argon.hash_password(password.as_bytes()).is_err(),
        });
        match account {
            Some(account) if is_right.await? => Ok(account),
            _ => Err(Error::unauthorized("Incorrect email or password")),
        }
    }

    /// Returns the account with this id.
    pub fn find(&self, id: &str) -> Option<Account> {
        self.stored().iter().find(|stored| stored.account.id == id).map(|stored| stored.account.clone())
    }

    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce(Argon2<'_>) -> T + Send + 'static) -> Result<T> {
        let _permit = self.hashing.acquire().await.map_err(Error::internal)?;
        spawn_blocking(|| work(Argon2::default())).await.map_err(Error::internal)
    }

    fn refuse_taken(&self, email: &str) -> Result<()> {
        let is_taken = self.stored().iter().any(|stored| stored.account.email == email);
        if is_taken { Err(taken()) } else { Ok(()) }
    }

    fn stored(&self) -> MutexGuard<'_, Vec<Stored>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn both(&self) -> (Account, PasswordHash) {
        (self.account.clone(), self.password.clone())
    }
}

fn taken() -> Error {
    Error::conflict("An account with this email already exists")
}

const HASHES_AT_A_TIME: usize = 4;
