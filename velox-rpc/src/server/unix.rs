//! A Unix socket at a path. Only `serve` uses this module.

use std::fs;
use std::future::Ready;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::listener::Listener;
use crate::context::Peer;

/// A listening socket that removes its file when it is dropped.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixSocket {
    /// Listens on a path. Replaces a socket file on which nobody listens.
    pub(super) async fn bind(path: &Path) -> io::Result<Self> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && is_left_over(path).await => {
                fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        Ok(Self { listener, path: path.to_owned() })
    }
}

/// Returns whether the path is a socket on which nobody listens. Nothing else is ever removed.
async fn is_left_over(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).await.is_err_and(refused)
}

impl Listener for UnixSocket {
    type Stream = UnixStream;
    type Handshake = Ready<io::Result<UnixStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        Listener::accept(&mut self.listener).await
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // Removes the file before the listener closes. Until then, another server that starts sees
        // that the socket is in use and does not replace it.
        let _ = fs::remove_file(&self.path);
    }
}
