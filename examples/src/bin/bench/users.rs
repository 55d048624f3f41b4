//! A single user, in memory.

use std::collections::HashMap;

use velox_rpc::schema;

/// A user, as clients see it.
#[schema]
#[derive(Clone)]
pub struct User {
    pub id: String,
    pub email: String,
}

/// The users by id.
pub struct Users(HashMap<String, User>);

impl Users {
    /// Makes the one user.
    pub fn ada() -> Self {
        let ada = User { id: "u1".to_owned(), email: EMAIL.to_owned() };
        Self(HashMap::from([(ada.id.clone(), ada)]))
    }

    /// Finds a user by id.
    pub fn by_id(&self, id: &str) -> Option<&User> {
        self.0.get(id)
    }

    /// Finds a user by email address and password.
    pub fn verify(&self, email: &str, password: &str) -> Option<&User> {
        let user = self.0.values().find(|user| user.email == email)?;
        (password == PASSWORD).then_some(user)
    }
}

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";
