//! Tests the socket activation example as a process that gets an open socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use velox_tests::{Program, exchange};

const REQUEST: &str = "GET /api/mottos/getMotto HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[test]
fn a_passed_socket_serves_clients_that_connect_between_two_runs() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let program = Program::start_with_socket("systemd", &socket);
    assert_eq!(program.address(), address);
    let reply = exchange(address, "GET /api/mottos/getMotto HTTP/1.1", "");
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\"festina lente\""), "{reply}");
    program.signal("TERM");
    let (status, output) = program.ended(Duration::from_secs(12));
    assert_eq!(status.code(), Some(0), "{output}");

    let mut between = TcpStream::connect(address).expect("the socket is still open");
    between.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    between.write_all(REQUEST.as_bytes()).expect("it is taken");
    let next = Program::start_with_socket("systemd", &socket);
    let mut reply = String::new();
    between.read_to_string(&mut reply).expect("a reply that ends");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    drop(next);
}

#[test]
fn without_a_passed_socket_it_opens_one() {
    let program = Program::start("systemd", &[]);
    let reply = exchange(program.address(), "GET /api/mottos/getMotto HTTP/1.1", "");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}
