//! HTTP over TCP and other streams. This is the only part of velox-rpc that names hyper, or that
//! uses tokio for more than its clock. It is the outermost ring: nothing inside depends on it.
//!
//! ```text
//!   serve         the public API: settings, binding, running
//!     listener      where connections come from: addresses, unix, or the user's own
//!     accept        accepts them, refuses those above the limit, and ends them at a shutdown
//!       conn          one connection: sets it up, tells HTTP/1 from HTTP/2 (version), runs hyper
//!         watch         its deadlines, with a single timer
//!         socket        its bytes
//!         answer        one request: calls the service, within the deadline of the handler
//!           head          refuses heads that hyper accepts
//!           body          the body of the request, with its deadline, and the body of the reply
//!         stall         one stream of HTTP/2: resets it if the client does not read
//!
//!   activity      what a connection is doing: the lower ones record it, watch reads it
//!   places        the limit: each connection takes a place, and so does a call that outlives its own
//!   shutdown      the signals, and how all of the above learn of them
//! ```
//!
//! Invariants: every wait for a client has a deadline, every buffer has a bound, and no client,
//! error or panic ends the server.
//!
//! **The cost.** The deadlines cost no timer and no clock read for a request that arrives whole and
//! whose reply is read at once. The parts of a connection record what they do in plain cells, and
//! the connection's task compares the cells after each poll (see `watch`).

mod accept;
mod activity;
mod addresses;
mod answer;
mod body;
mod conn;
mod error;
mod files;
mod head;
mod limits;
mod listener;
mod places;
mod serve;
mod shutdown;
mod socket;
mod stall;
mod stream;
#[cfg(unix)]
mod unix;
mod version;
mod watch;

#[cfg(test)]
mod tests;

pub use self::addresses::Address;
pub use self::error::ServeError;
pub use self::listener::Listener;
pub use self::serve::{Bound, Listening, Server};
pub use self::shutdown::Shutdown;
