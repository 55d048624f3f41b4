//! The REST wire, as VeloxTS speaks it.
//!
//! [`naming`] decides which route a procedure has, [`path`] parses it, [`routes`] finds it again for a request;
//! [`input`] makes the input of path, query and body, [`reply`] the reply of a result.

mod input;
mod naming;
mod path;
mod reply;
mod routes;
pub(crate) mod text;

pub(crate) use self::reply::{failure, success};
pub(crate) use self::routes::{Claim, Routes};
