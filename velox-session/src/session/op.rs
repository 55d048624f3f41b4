//! The changes that a call makes to a session, as values, so that they can be repeated on a
//! reloaded record.

use serde_json::Value;

use crate::user::UserLogin;

/// One change that a call made.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Set {
        key: String,
        value: Value,
    },
    Remove {
        key: String,
    },
    /// Sets the value that a function computed from `given`. The change is valid only for this
    /// value.
    Update {
        key: String,
        given: Option<Value>,
        value: Value,
    },
    Flash {
        key: String,
        value: Value,
    },
    /// Removes a flash message that was read. The change is valid only while the session still has
    /// this message.
    Take {
        key: String,
        value: Value,
    },
    /// Restores a flash message for a later request, because the call that took it has failed.
    PutBack {
        key: String,
        value: Value,
    },
    Login(Box<UserLogin>),
    Regenerate,
    Logout {
        at: u64,
    },
    /// Ends all other sessions of the user.
    LogoutOthers {
        user: String,
    },
}

impl Op {
    /// Returns whether the change concerns which sessions exist and whose they are, rather than
    /// their data. Such a change takes effect when its method returns, even if the call fails
    /// later.
    pub(crate) fn changes_identity(&self) -> bool {
        match self {
            Self::Login(_) | Self::Regenerate | Self::Logout { .. } | Self::LogoutOthers { .. } => true,
            Self::Set { .. } | Self::Remove { .. } | Self::Update { .. } => false,
            Self::Flash { .. } | Self::Take { .. } | Self::PutBack { .. } => false,
        }
    }

    /// Returns whether the change ends the session or hands it from this user to another.
    pub(crate) fn changes_hands(&self, user: Option<&str>) -> bool {
        match self {
            Self::Logout { .. } => true,
            Self::Login(login) => user.is_some_and(|present| present != login.user.id),
            _ => false,
        }
    }

    /// Returns the key of the flash message that the change leaves for a later request.
    pub(crate) fn flashes(&self) -> Option<&str> {
        match self {
            Self::Flash { key, .. } | Self::PutBack { key, .. } => Some(key),
            _ => None,
        }
    }

    /// Returns whether the change sets the value of this key regardless of the value before. An
    /// update does not, because it depends on that value.
    pub(crate) fn decides(&self, name: &str) -> bool {
        matches!(self, Self::Set { key, .. } | Self::Remove { key } if key == name)
    }
}
