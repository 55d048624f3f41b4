//! Who is logged in.

use serde::{Deserialize, Serialize};

/// The user of a session, as it was given to [`login`](crate::Session::login).
///
/// # Examples
///
/// ```
/// use velox_session::SessionUser;
///
/// let user = SessionUser::new("u1", "ada@example.com");
/// assert_eq!(user.id, "u1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "rpc", derive(schemars::JsonSchema), schemars(description = "The user of a session."))]
#[non_exhaustive]
pub struct SessionUser {
    /// The user's id in the application.
    pub id: String,
    /// The user's e-mail address.
    pub email: String,
}

impl SessionUser {
    /// A user of this id and e-mail address.
    #[must_use]
    pub fn new(id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { id: id.into(), email: email.into() }
    }
}
