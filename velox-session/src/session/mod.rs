//! The session of an exchange, as values: what was loaded, what the calls did since, and what is to be done about it at the end.
//!
//! Pure: no store, no clock, no await, and nothing of the [`manager`](crate::manager), which carries the plan out.

mod data_key;
mod error;
mod info;
pub(crate) mod op;
pub(crate) mod plan;
pub(crate) mod state;
pub(crate) mod value;
pub(crate) mod view;

pub use data_key::{DataKey, Key, KeyName};
pub use error::{SessionError, ValueKind};
pub use info::{NotAHandle, SessionHandle, SessionInfo};
