//! Listens on all addresses that a name resolves to. Only `serve` uses this module.

use std::future::{Ready, poll_fn, ready};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};

use super::error::ServeError;
use super::listener::Listener;
use crate::context::Peer;

/// An address to listen on, as a host and a port: `"127.0.0.1:3000"`, `("0.0.0.0", port)`, or any
/// other type that std can resolve.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address to listen on",
    label = "an address has a host and a port",
    note = "write `\"127.0.0.1:3000\"` for this machine only, or `(\"0.0.0.0\", port)` for all networks, with the port in a `u16`"
)]
pub trait Address: ToSocketAddrs {}

#[diagnostic::do_not_recommend]
impl<T: ToSocketAddrs> Address for T {}

/// Listeners on several addresses, used as one.
#[derive(Debug)]
pub(super) struct Addresses(Vec<TcpListener>);

/// Returns the addresses that a name resolves to.
pub(super) fn resolve(address: impl Address) -> Result<Vec<SocketAddr>, ServeError> {
    let addresses = address.to_socket_addrs().map_err(|error| ServeError::Address { error })?;
    Ok(addresses.collect())
}

/// Binds all of the addresses, and returns the addresses that were bound.
pub(super) async fn bind(addresses: Vec<SocketAddr>) -> Result<(Addresses, Vec<SocketAddr>), ServeError> {
    let is_open = addresses.iter().any(|address| address.port() == 0);
    let mut attempts = if is_open && addresses.len() > 1 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        match bind_each(&addresses).await {
            // The port that the system chose for the first address is in use on another one.
            Err(ServeError::Listen { error, .. }) if attempts > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
}

async fn bind_each(addresses: &[SocketAddr]) -> Result<(Addresses, Vec<SocketAddr>), ServeError> {
    let none = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut failure = ServeError::Address { error: none };
    let (mut listeners, mut bound): (_, Vec<SocketAddr>) = (Vec::new(), Vec::new());
    for address in addresses {
        let mut address = *address;
        if let (0, Some(first)) = (address.port(), bound.first()) {
            address.set_port(first.port());
        }
        // A resolver may return the same address twice.
        if bound.contains(&address) {
            continue;
        }
        match TcpListener::bind(address).await {
            Ok(listener) => {
                bound.push(listener.local_addr().unwrap_or(address));
                listeners.push(listener);
            }
            Err(error) if is_missing(&error) => failure = ServeError::Listen { address, error },
            Err(error) => return Err(ServeError::Listen { address, error }),
        }
    }
    if listeners.is_empty() { Err(failure) } else { Ok((Addresses(listeners), bound)) }
}

/// Returns whether the machine lacks this address or its whole address family.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

impl Listener for Addresses {
    type Stream = TcpStream;
    type Handshake = Ready<io::Result<TcpStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        let (stream, address) = poll_fn(|cx| {
            for index in 0..self.0.len() {
                if let Poll::Ready(accepted) = self.0[index].poll_accept(cx) {
                    // Polls this listener last the next time, so that it does not starve the
                    // others.
                    self.0[index..].rotate_left(1);
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await?;
        Ok((ready(Ok(stream)), address.into()))
    }
}

const ATTEMPTS: usize = 16;

/// The system's error for an address family that it does not have. std has no `ErrorKind` for it.
#[cfg(unix)]
const NO_SUCH_FAMILY: i32 = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
/// `WSAEAFNOSUPPORT`.
#[cfg(windows)]
const NO_SUCH_FAMILY: i32 = 10_047;
