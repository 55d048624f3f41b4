//! What a call does to a session, as a value: so that it can be done again on a record that was reloaded.

use serde_json::Value;

use crate::user::UserLogin;

/// One thing that a call did.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Set {
        key: String,
        value: Value,
    },
    Remove {
        key: String,
    },
    /// Sets what a function made of `given`. It holds for no other value.
    Update {
        key: String,
        given: Option<Value>,
        value: Value,
    },
    Flash {
        key: String,
        value: Value,
    },
    /// Leaves a flash message for a later request again, as the call that took it has failed.
    PutBack {
        key: String,
        value: Value,
    },
    Login(Box<UserLogin>),
    Regenerate,
    Logout {
        at: u64,
    },
    /// This session and all others of its user.
    LogoutAll {
        user: Option<String>,
        at: u64,
    },
    /// All others of its user.
    LogoutOthers {
        user: String,
    },
}

impl Op {
    /// Whether it says whose session this is, or which there are, rather than what is in it. Such a thing is done when its
    /// method has returned, whatever becomes of the call.
    pub(crate) fn changes_identity(&self) -> bool {
        match self {
            Self::Login(_) | Self::Regenerate => true,
            Self::Logout { .. } | Self::LogoutAll { .. } | Self::LogoutOthers { .. } => true,
            Self::Set { .. } | Self::Remove { .. } | Self::Update { .. } => false,
            Self::Flash { .. } | Self::PutBack { .. } => false,
        }
    }

    /// Whether the session ends by it, or goes over from this user to another.
    pub(crate) fn changes_hands(&self, user: Option<&str>) -> bool {
        match self {
            Self::Logout { .. } | Self::LogoutAll { .. } => true,
            Self::Login(login) => user.is_some_and(|present| present != login.user.id),
            _ => false,
        }
    }

    /// Whether it says what the value of this key is, of whatever it was before. An update does not: what it was made of still counts.
    pub(crate) fn decides(&self, name: &str) -> bool {
        matches!(self, Self::Set { key, .. } | Self::Remove { key } if key == name)
    }
}
