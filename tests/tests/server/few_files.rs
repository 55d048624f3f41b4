//! Tests a server whose process may only have few files open.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use velox_tests::Program;

/// Sends a request on a new connection, which the server closes.
fn status(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.write_all(b"GET /api/auth/homePage HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.split(' ').nth(1).map(str::to_owned)
}

/// Repeats the request until it gets this status. A few attempts may be reset while the server
/// refuses many connections.
fn until(address: SocketAddr, expected: &str) {
    let began = Instant::now();
    loop {
        let status = status(address);
        if status.as_deref() == Some(expected) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{status:?} instead of {expected}");
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn with_few_files_new_clients_get_503_until_there_is_room() {
    let program = Program::start_with_files("quickstart", 64);
    let address = program.address();
    until(address, "200");
    // More connections than the process may have files.
    let idle: Vec<_> = (0..100).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    until(address, "503");
    drop(idle);
    until(address, "200");
    let output = program.output();
    assert!(output.contains("the limit of open files allows fewer connections"), "{output}");
    assert!(!output.contains("cannot accept connections"), "{output}");
}
