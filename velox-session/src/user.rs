//! The user who is logged in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The user of a session, as passed to [`login`](crate::Session::login).
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
#[cfg_attr(
    feature = "rpc",
    derive(schemars::JsonSchema),
    schemars(description = "The user of a session.", extend("x-velox-order" = ["id", "email"]))
)]
#[non_exhaustive]
pub struct SessionUser {
    /// The id of the user in the application.
    pub id: String,
    /// The e-mail address of the user.
    pub email: String,
}

impl SessionUser {
    /// Returns a user with this id and e-mail address.
    #[must_use]
    pub fn new(id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { id: id.into(), email: email.into() }
    }
}

/// A type of user that you can [log in](crate::Session::login). It has an id and implements
/// `Serialize`.
///
/// The session stores the id, the `email` in the JSON if it is a string, and the whole JSON if that
/// contains more, such as roles. Read it back with [`Session::user_as`](crate::Session::user_as),
/// or with [`SessionMiddleware::user_type`](crate::SessionMiddleware::user_type) as `ctx.user`.
/// Later changes in the database do not change the session; use
/// [`user_loader`](crate::SessionMiddleware::user_loader) if you need them. The trait is named like
/// its counterpart in Laravel.
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
    note = "log in a `SessionUser::new(id, email)`, or implement `velox_session::Authenticatable` for your own type: its `id()` returns the id of the user"
)]
pub trait Authenticatable: Serialize {
    /// Returns the id of the user in the application. The sessions of the user are found by it.
    fn id(&self) -> Cow<'_, str>;

    /// Returns the user if an id and an email are all that it contains.
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

/// The data of a login.
#[derive(Clone, Debug)]
pub(crate) struct UserLogin {
    pub(crate) user: SessionUser,
    /// The JSON of the user, if it contains more.
    pub(crate) details: Option<Value>,
    /// The lifetime without a request, in milliseconds, if it differs from the settings.
    pub(crate) max_age: Option<u64>,
    /// The time of the login, in Unix milliseconds.
    pub(crate) at: u64,
}

impl UserLogin {
    /// Returns the login of a user with an id and an email, with the lifetime of the settings.
    #[cfg(any(test, feature = "conformance"))]
    pub(crate) fn plain(user: SessionUser, at: u64) -> Self {
        Self { user, details: None, max_age: None, at }
    }
}
