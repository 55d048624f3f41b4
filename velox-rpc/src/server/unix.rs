//! A Unix socket at a path. Used by `serve` alone.

use std::fs;
use std::future::Ready;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::listener::Listener;
use crate::context::Peer;

/// A socket whose file is there for as long as somebody listens.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixSocket {
    /// Listens, in place of a socket on which nobody does.
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

/// Whether it is a socket on which nobody listens. Only such a one is ever removed.
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
        // Before the listener closes: until then whoever starts finds that somebody listens, and replaces nothing.
        let _ = fs::remove_file(&self.path);
    }
}
