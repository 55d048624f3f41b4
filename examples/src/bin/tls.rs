//! TLS without a proxy: a listener that wraps each TCP connection in TLS. `CERTIFICATE` and `KEY`
//! name two PEM files.
//!
//! ```sh
//! openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out certificate.pem
//! CERTIFICATE=certificate.pem KEY=key.pem cargo run --bin tls
//! curl --insecure https://localhost:3443/api/mottos/getMotto
//! ```

#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use velox_examples::number;
use velox_rpc::context::Peer;
use velox_rpc::server::{Listener, Server};
use velox_rpc::{App, Router, procedure};

/// Accepts TCP connections and starts a TLS handshake on each.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Stream = TlsStream<TcpStream>;
    type Handshake = Accept<TcpStream>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        let (stream, address) = self.listener.accept().await?;
        let _ = stream.set_nodelay(true);
        // This only starts the handshake. The server awaits it concurrently with other connections,
        // and drops it after a timeout.
        Ok((self.acceptor.accept(stream), address.into()))
    }
}

#[tokio::main]
async fn main() -> velox_rpc::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let certificates = CertificateDer::pem_file_iter(env::var("CERTIFICATE")?)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(env::var("KEY")?)?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?;
    // The server detects the protocol by itself, but clients use HTTP/2 only if it is advertised.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let port = number("PORT")?.unwrap_or(3443);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tracing::info!("listening on https://{}", listener.local_addr()?);

    let mottos = Router::new("mottos").procedure("getMotto", procedure().query(|_| Ok("festina lente")));
    let service = App::new(()).router(mottos).into_service()?;
    Server::new(service).listen(Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }).run().await?;
    Ok(())
}
