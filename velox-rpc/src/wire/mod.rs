//! Wires: each maps an exchange to calls, and their results to a reply. None runs a procedure itself.
//!
//! May use the router and all that lies inward of it; nothing inward knows that wires exist.

mod body;
mod json;
mod keys;
pub(crate) mod rest;

pub(crate) use self::body::{BodyLimit, BodyType, check_head, is_only_encoded, is_overload, read_body};
pub use self::body::{BodyOverload, BodyTimeout};
