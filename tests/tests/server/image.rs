//! Tests the Dockerfile of the quickstart as far as that works without Docker: the program that it
//! builds answers its health check.

use std::fs;
use std::path::Path;

use velox_tests::{Program, exchange};

#[test]
fn the_program_in_the_image_answers_its_health_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dockerfile = fs::read_to_string(root.join("examples/src/bin/quickstart/Dockerfile")).expect("the Dockerfile");
    assert!(dockerfile.contains("--package velox-examples --bin quickstart\n"), "it builds the quickstart");
    assert!(dockerfile.contains("\nUSER nobody\n"), "it runs without privileges");
    let channel = fs::read_to_string(root.join("rust-toolchain.toml")).expect("the toolchain");
    let rust = dockerfile.split("FROM rust:").nth(1).and_then(|rest| rest.split('-').next()).expect("an image of Rust");
    assert!(channel.contains(&format!("channel = \"{rust}.")), "{rust} is not the Rust of the workspace: {channel}");

    let line = dockerfile.lines().find(|line| line.starts_with("ENV ")).expect("the environment");
    let environment: Vec<_> = line.split(' ').skip(1).map(|pair| pair.split_once('=').expect("a pair")).collect();
    assert_eq!(environment, [("HOST", "0.0.0.0"), ("PORT", "3000")]);
    let check = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK")).expect("a health check");
    let path = check.split("127.0.0.1:3000").nth(1).and_then(|rest| rest.split('"').next()).expect("an address");

    let program = Program::start(
        "quickstart",
        &[("HOST", "0.0.0.0"), ("SESSION_SECRET", "a secret of thirty-two bytes or more")],
    );
    let mut address = program.address();
    assert!(address.ip().is_unspecified(), "it listens only locally: {address}");
    address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    let reply = exchange(address, &format!("GET {path} HTTP/1.1"), "");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}
