//! Why a server could not be started. Part of the public interface.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::app::StartError;

/// Why a server could not be started.
///
/// # Examples
///
/// ```
/// # use velox_rpc::server::ServeError;
/// fn exit_code(error: &ServeError) -> u8 {
///     match error {
///         ServeError::Listen { .. } => 75, // try again later
///         _ => 78,                         // mend the configuration
///     }
/// }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The router or the configuration has mistakes.
    #[error(transparent)]
    Start(#[from] StartError),

    /// The address is none, or its name is unknown.
    #[error("cannot read the address to listen on: {error}")]
    Address {
        /// What the system said.
        error: io::Error,
    },

    /// The address is taken, not allowed, or not of this machine.
    #[error("cannot listen on {address}: {}", reason(error))]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },

    /// The path cannot be listened on: somebody else does, or it cannot be written.
    #[error("cannot listen on the socket {}: {}", path.display(), reason(error))]
    Socket {
        /// The path that was asked for.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },

    /// The process cannot be told to stop.
    #[error("cannot listen for SIGTERM and Ctrl-C: {error}")]
    Signals {
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Debug for ServeError {
    /// As `Display`: a `main` that returns it prints it by `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The common reasons in plain words: the system's text differs from one system to the next and ends in a number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address already in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
