//! Who is logged in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// A type of user that can be [logged in](crate::Session::login): it says its id, and serializes.
///
/// The session keeps the id, the `email` of the JSON if it is a string, and the whole JSON beside them if there is more in it, such as
/// roles. Read it back with [`Session::user_as`](crate::Session::user_as), or with
/// [`SessionMiddleware::user_type`](crate::SessionMiddleware::user_type) as `ctx.user`. What changes in the database later does not change
/// in the session: for that there is [`user_loader`](crate::SessionMiddleware::user_loader). Laravel has an interface of this name.
///
/// # Examples
///
/// ```
/// use std::borrow::Cow;
///
/// use serde::{Deserialize, Serialize};
/// use velox_session::{Authenticatable, Session, SessionError};
///
/// #[derive(Serialize, Deserialize)]
/// struct Account {
///     id: String,
///     email: String,
///     roles: Vec<String>,
/// }
///
/// impl Authenticatable for Account {
///     fn id(&self) -> Cow<'_, str> {
///         Cow::Borrowed(&self.id)
///     }
/// }
///
/// async fn log_in(session: &Session, account: &Account) -> Result<bool, SessionError> {
///     session.login(account).await?;
///     let user: Option<Account> = session.user_as()?;
///     Ok(user.is_some_and(|user| user.roles.iter().any(|role| role == "admin")))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be logged in",
    label = "not a type of user",
    note = "log in a `SessionUser::new(id, email)`, or implement `velox_session::Authenticatable` for your own type: it says the user's id"
)]
pub trait Authenticatable: Serialize {
    /// Returns the user's id in the application, by which the sessions of the user are found.
    fn id(&self) -> Cow<'_, str>;

    /// Whether the id and the email are all that there is.
    #[doc(hidden)]
    fn as_session_user(&self) -> Option<SessionUser> {
        None
    }
}

impl Authenticatable for SessionUser {
    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn as_session_user(&self) -> Option<SessionUser> {
        Some(self.clone())
    }
}

impl<U: Authenticatable + ?Sized> Authenticatable for &U {
    fn id(&self) -> Cow<'_, str> {
        U::id(self)
    }

    fn as_session_user(&self) -> Option<SessionUser> {
        U::as_session_user(self)
    }
}

/// What a login says.
#[derive(Clone, Debug)]
pub(crate) struct UserLogin {
    pub(crate) user: SessionUser,
    /// The JSON of the user, where there is more in it.
    pub(crate) details: Option<Value>,
    /// How long the session lives without a request, in milliseconds, where the settings do not say that.
    pub(crate) max_age: Option<u64>,
    /// When that was, in Unix milliseconds.
    pub(crate) at: u64,
}

impl UserLogin {
    /// The login of a user with an id and an email, for the lifetime that the settings say.
    #[cfg(any(test, feature = "conformance"))]
    pub(crate) fn plain(user: SessionUser, at: u64) -> Self {
        Self { user, details: None, max_age: None, at }
    }
}
