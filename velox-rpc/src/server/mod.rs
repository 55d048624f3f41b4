//! HTTP over TCP and other streams. This is the only part of velox-rpc that names hyper, or that
//! uses tokio for more than its clock. It is the outermost ring: nothing inside depends on it.
//!
//! ```text
//!   accept ─ takes connections, refuses those above the cap, backs off, waits at the end
//!   places ─ what counts against the cap: connections, and what goes on without its own
//!     conn ─ tells HTTP/1 from HTTP/2 (version), hands each request to the service
//!       watch ─ one timer a connection: head, write, idle and closing deadlines
//!         socket ─ a stream (TCP, or what a listener gives) that notes what it does (activity)
//!     answer ─ one request: its deadline, and what becomes of a mutation that nobody waits for
//!       head ─ refuses heads that hyper lets pass
//!       body ─ the deadline of a request's body; a request is in flight until its reply is handed over
//!       stall ─ the write deadline of a stream of HTTP/2
//! ```
//!
//! Always holds: every wait for a client has a deadline, every buffer has a bound, and no client,
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

pub use self::error::ServeError;
pub use self::listener::Listener;
pub use self::serve::{Bound, Listening, Server};
pub use self::shutdown::Shutdown;
