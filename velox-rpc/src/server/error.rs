//! The errors of binding and starting a server. Part of the public API.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::app::StartError;

/// The reason why a server could not be started.
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

    /// The address cannot be parsed, or its name cannot be resolved.
    #[error("cannot read the address to listen on, such as `127.0.0.1:3000`: {error}")]
    Address {
        /// The error from the operating system.
        error: io::Error,
    },

    /// The address is in use, not permitted, or not an address of this machine.
    #[error("cannot listen on {address}: {}", reason(error))]
    Listen {
        /// The address that the server tried to bind.
        address: SocketAddr,
        /// The error from the operating system.
        error: io::Error,
    },

    /// The server cannot listen on the path, because another process does or because it cannot
    /// create the socket.
    #[error("cannot listen on the socket {}: {}", path.display(), reason(error))]
    Socket {
        /// The path of the socket.
        path: PathBuf,
        /// The error from the operating system.
        error: io::Error,
    },

    /// The signal handlers for SIGTERM and Ctrl-C cannot be installed.
    #[error("cannot listen for SIGTERM and Ctrl-C: {error}")]
    Signals {
        /// The error from the operating system.
        error: io::Error,
    },
}

impl fmt::Debug for ServeError {
    /// Prints the same text as `Display`, because a `main` that returns this error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Describes common errors in plain words. The system's own text differs between systems and ends
/// in a number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address already in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
