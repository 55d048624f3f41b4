//! What a call does to a session, as a value: so that it can be done again on a record that was reloaded.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::user::SessionUser;

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
    Update {
        key: String,
        function: Update,
    },
    Flash {
        key: String,
        value: Value,
    },
    Login {
        user: SessionUser,
        at: u64,
    },
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
            Self::Login { .. } | Self::Regenerate => true,
            Self::Logout { .. } | Self::LogoutAll { .. } | Self::LogoutOthers { .. } => true,
            Self::Set { .. } | Self::Remove { .. } | Self::Update { .. } | Self::Flash { .. } => false,
        }
    }
}

/// A change of one value, which can be done again on another value. Fails on a value of another type.
#[derive(Clone)]
pub(crate) struct Update(Arc<Function>);

type Function = dyn Fn(Option<&Value>) -> Result<Value, serde_json::Error> + Send + Sync;

impl Update {
    pub(crate) fn new(
        function: impl Fn(Option<&Value>) -> Result<Value, serde_json::Error> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(function))
    }

    pub(crate) fn apply(&self, present: Option<&Value>) -> Result<Value, serde_json::Error> {
        (self.0)(present)
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Update(..)")
    }
}
