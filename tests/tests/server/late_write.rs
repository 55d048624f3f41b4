//! Tests a mutation that is under way when the process is told to stop.
#![cfg(unix)]

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use velox_tests::{Program, exchange};

/// A server, and a client that waits for the reply to a mutation.
struct Writing {
    program: Program,
    address: SocketAddr,
    client: TcpStream,
    file: PathBuf,
}

impl Writing {
    async fn begin(name: &str) -> Self {
        Self::begin_with(name, &[]).await
    }

    async fn begin_with(name: &str, settings: &[(&str, &str)]) -> Self {
        let file = std::env::temp_dir().join(format!("velox-{name}-{}", std::process::id()));
        fs::remove_file(&file).ok();
        let environment = [&[("FILE", file.to_str().expect("text"))], settings].concat();
        let program = Program::run(env!("CARGO_BIN_EXE_late_write"), &environment);
        let address = program.address();
        let mut client = TcpStream::connect(address).await.expect("it listens");
        client.write_all(b"POST /api/notes/write HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("it reads");
        program.wait_for("the mutation has begun");
        assert!(!file.exists());
        Self { program, address, client, file }
    }

    /// Sends SIGTERM, and waits until the server has seen it.
    fn stop(&self) {
        self.program.signal("TERM");
        self.program.wait_until_closed(self.address);
    }

    /// Lets the mutation write.
    fn go(&self) {
        self.program.signal("USR1");
    }

    /// Waits for the end of the process. Returns its output, and whether the mutation has written.
    fn ended(self) -> (String, bool) {
        let (status, output) = self.program.ended(HANG);
        assert_eq!(status.code(), Some(0), "{output}");
        let written = fs::read_to_string(&self.file);
        fs::remove_file(&self.file).ok();
        (output, written.is_ok_and(|text| text == "written"))
    }
}

#[tokio::test]
async fn a_mutation_under_way_at_sigterm_is_finished_and_its_client_answered() {
    let mut writing = Writing::begin("answered").await;
    writing.stop();
    writing.go();
    let mut reply = String::new();
    writing.client.read_to_string(&mut reply).await.expect("it answers and closes");
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.contains("\r\nconnection: close\r\n"), "{reply}");
    let (output, is_written) = writing.ended();
    assert!(is_written && output.contains("finished: 1, cut: 0"), "{output}");
}

#[tokio::test]
async fn a_mutation_under_way_at_sigterm_is_finished_though_its_client_has_left() {
    let mut writing = Writing::begin("left").await;
    // The socket then sends a reset, which the server sees at once.
    writing.client.set_zero_linger().expect("a socket");
    writing.client = TcpStream::connect(writing.address).await.expect("it listens");
    let reply = exchange(writing.address, "GET /later HTTP/1.1", "");
    assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
    writing.stop();
    writing.go();
    let (output, is_written) = writing.ended();
    assert!(is_written && output.contains("finished: 1, cut: 0"), "{output}");
}

#[tokio::test]
async fn a_second_sigterm_cuts_off_a_mutation() {
    let mut writing = Writing::begin("cut").await;
    writing.stop();
    writing.program.signal("TERM");
    assert_eq!(writing.client.read_u8().await.ok(), None, "a reply");
    let (output, is_written) = writing.ended();
    assert!(!is_written && output.contains("finished: 0, cut: 1"), "{output}");
}

#[tokio::test]
async fn during_the_delay_it_accepts_connections_but_is_not_ready() {
    let mut writing = Writing::begin_with("delay", &[("DELAY", "yes")]).await;
    let status = |path: &str| exchange(writing.address, &format!("GET {path} HTTP/1.1"), "")[9..12].to_owned();
    assert_eq!(status("/health/ready"), "200");
    writing.program.signal("TERM");
    // Each request opens a new connection, which the server accepts.
    let began = Instant::now();
    while status("/health/ready") != "503" {
        assert!(began.elapsed() < HANG, "it is still ready");
    }
    assert_eq!(status("/health/live"), "200");
    writing.stop();
    writing.go();
    let mut reply = String::new();
    writing.client.read_to_string(&mut reply).await.expect("it answers and closes");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    assert!(writing.ended().1);
}

/// The time after which a test fails instead of hanging. The deadline of the shutdown, ten seconds,
/// is longer.
const HANG: Duration = Duration::from_secs(8);
