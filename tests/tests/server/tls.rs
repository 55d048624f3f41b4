//! Tests the TLS example as a process, with curl as the client.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use velox_tests::Program;

/// Creates a key and a certificate for localhost.
fn certificate(folder: &Path) -> [String; 2] {
    let [certificate, key] =
        ["tls-certificate.pem", "tls-key.pem"].map(|name| folder.join(name).to_str().expect("a plain path").to_owned());
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]);
    let output = command.args(["-keyout", &key, "-out", &certificate]).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    [certificate, key]
}

#[test]
fn both_http_versions_work_over_tls_and_a_silent_client_delays_nobody() {
    let [certificate, key] = certificate(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let program = Program::start("tls", &[("CERTIFICATE", &certificate), ("KEY", &key)]);
    let address = program.address();
    let _silent = TcpStream::connect(address).expect("it listens");
    if cfg!(debug_assertions) {
        program.wait_for("/api/mottos/getMotto");
    }
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--insecure", "--max-time", "20", option, "--write-out", " %{http_version}"]);
        let output = curl.arg(format!("https://{address}/api/mottos/getMotto")).output().expect("curl is installed");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("\"festina lente\" {version}"));
    }
}
