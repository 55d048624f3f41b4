//! The session of one request, as plain values: what was loaded, what the calls changed, and what
//! to save at the end.
//!
//! This code is pure. It uses no store, no clock and no await, and nothing of the
//! [`manager`](crate::manager), which carries out the plan.

mod data_key;
pub(crate) mod error;
mod info;
pub(crate) mod op;
pub(crate) mod plan;
pub(crate) mod state;
pub(crate) mod value;
pub(crate) mod view;

pub use data_key::{DataKey, Key, KeyName};
pub use error::SessionError;
pub use info::{NotAHandle, SessionHandle, SessionInfo};
