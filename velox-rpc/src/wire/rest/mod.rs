//! The REST wire implements the REST protocol of VeloxTS.
//!
//! [`naming`] chooses the route of a procedure, [`path`] parses it, and [`routes`] finds it for a
//! request. [`input`] makes the input from path, query and body, and [`reply`] makes the reply from
//! a result.

mod input;
mod naming;
mod path;
mod reply;
mod routes;
pub(crate) mod text;

pub(crate) use self::reply::{failure, success};
pub(crate) use self::routes::{Lookup, Routes};
