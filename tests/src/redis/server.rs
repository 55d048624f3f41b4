//! Runs redis-server as a process on unused ports of 127.0.0.1.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, ConnectionInfo, IntoConnectionInfo, RedisResult, TlsCertificates, Value};

/// A Redis server. Dropping it kills the process and removes its files.
#[derive(Debug)]
pub struct RedisServer {
    child: Option<Child>,
    program: &'static str,
    folder: PathBuf,
    port: u16,
    /// The TLS port, or the cluster bus port.
    second_port: u16,
    arguments: Vec<String>,
}

impl RedisServer {
    /// Starts a server that writes nothing to disk.
    ///
    /// # Panics
    ///
    /// Panics if `redis-server` is not installed, or if it does not answer.
    pub async fn start() -> Self {
        Self::with(|_, _| Vec::new()).await
    }

    /// Starts a server that keeps all acknowledged writes across a restart.
    pub async fn durable() -> Self {
        Self::with(|_, _| arguments(&["--appendonly", "yes", "--appendfsync", "always"])).await
    }

    /// Starts a server that requires this password.
    pub async fn with_password(password: &str) -> Self {
        Self::with(|_, _| arguments(&["--requirepass", password, "--masterauth", password])).await
    }

    /// Starts a server without this command.
    pub async fn without_command(name: &str) -> Self {
        Self::with(|_, _| arguments(&["--rename-command", name, ""])).await
    }

    /// Starts a server that also accepts TLS on a second port, with a certificate for `localhost`.
    pub async fn with_tls() -> Self {
        Self::with(|folder, port| {
            certify(folder);
            let path = |name: &str| folder.join(name).display().to_string();
            let port = port.to_string();
            let (certificate, key) = (path("certificate.pem"), path("key.pem"));
            let files = ["--tls-cert-file", certificate.as_str(), "--tls-key-file", key.as_str()];
            arguments(&["--tls-port", &port, "--tls-auth-clients", "no"]).into_iter().chain(arguments(&files)).collect()
        })
        .await
    }

    /// Starts a replica with the password of its master, and waits until it is in sync.
    ///
    /// # Panics
    ///
    /// Panics if it does not follow its master.
    pub async fn replica_of(master: &Self) -> Self {
        let port = master.port.to_string();
        let replica = Self::with(|_, _| {
            let password = master.password().map(|password| ["--requirepass", password, "--masterauth", password]);
            let password = password.iter().flatten().copied();
            arguments(&["--replicaof", "127.0.0.1", &port].into_iter().chain(password).collect::<Vec<_>>())
        });
        let replica = replica.await;
        replica
            .until("it follows its master", async || replica.info("replication", "master_link_status").await == "up")
            .await;
        replica
    }

    /// Starts a server with the arguments that the function returns for its folder and its second
    /// port.
    pub(super) async fn with(arguments: impl Fn(&Path, u16) -> Vec<String>) -> Self {
        Self::run_by("redis-server", arguments).await
    }

    /// Does the same with another program that has the same arguments and protocol.
    pub(super) async fn run_by(program: &'static str, arguments: impl Fn(&Path, u16) -> Vec<String>) -> Self {
        // Another process may take a free port before the server binds it.
        for _ in 0..ATTEMPTS {
            let folder = new_folder();
            let (port, second_port) = free_ports();
            let arguments = arguments(&folder, second_port);
            let mut server = Self { child: None, program, folder, port, second_port, arguments };
            if server.run().await {
                return server;
            }
        }
        panic!("{program} does not start");
    }

    /// Returns its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn second_port(&self) -> u16 {
        self.second_port
    }

    /// Returns how to connect over TLS, with the certificate to trust.
    ///
    /// # Panics
    ///
    /// Panics if the server was not started by [`with_tls`](Self::with_tls).
    pub fn tls(&self) -> ConnectionInfo {
        let root_cert = Some(fs::read(self.folder.join("certificate.pem")).expect("it was started with TLS"));
        let url = format!("rediss://localhost:{}", self.second_port);
        let client = Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert }).expect("an address");
        client.get_connection_info().clone()
    }

    /// Kills the server at once, as `kill -9` does.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // This fails if the process has already ended. Its id cannot be reused before `wait`.
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Restarts the server on the same port. A [durable](Self::durable) one keeps its data.
    ///
    /// # Panics
    ///
    /// Panics if it does not answer.
    pub async fn restart(&mut self) {
        self.stop();
        for _ in 0..ATTEMPTS {
            if self.run().await {
                return;
            }
        }
        panic!("redis-server does not restart:\n{}", self.log());
    }

    /// Suspends the process. Its connections stay open, and the system accepts new ones.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Resumes the process.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Sends a command on a new connection. An error of the server is a [`Value::ServerError`].
    ///
    /// # Panics
    ///
    /// Panics if the server does not answer.
    pub async fn command(&self, words: &[&str]) -> Value {
        self.try_command(words).await.unwrap_or_else(|error| panic!("{words:?}: {error}\n{}", self.log()))
    }

    pub(super) fn password(&self) -> Option<&str> {
        let at = self.arguments.iter().position(|argument| argument == "--requirepass")?;
        Some(&self.arguments[at + 1])
    }

    async fn try_command(&self, words: &[&str]) -> RedisResult<Value> {
        let mut info = self.url().into_connection_info()?;
        if let Some(password) = self.password() {
            info = info.clone().set_redis_settings(info.redis_settings().clone().set_password(password));
        }
        let ask = async {
            let mut connection = Client::open(info)?.get_multiplexed_async_connection().await?;
            let mut cmd = redis::cmd(words[0]);
            cmd.arg(&words[1..]);
            connection.send_packed_command(&cmd).await
        };
        ask.await
    }

    /// Returns a field of `INFO`, or an empty text if it has no such field.
    pub async fn info(&self, section: &str, field: &str) -> String {
        let lines = self.info_lines(section).await;
        let found = lines.iter().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        found.unwrap_or_default().to_owned()
    }

    /// Returns how often each command was called since the start or `CONFIG RESETSTAT`, by its name
    /// in lower case.
    pub async fn commandstats(&self) -> BTreeMap<String, u64> {
        let lines = self.info_lines("commandstats").await;
        let calls = lines.iter().filter_map(|line| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
        });
        calls.collect()
    }

    async fn info_lines(&self, section: &str) -> Vec<String> {
        let words = ["INFO", section];
        let answer = match self.try_command(&words).await {
            // A server that becomes a master or a replica closes its connections.
            Err(error) if error.is_io_error() => self.command(&words).await,
            answer => answer.unwrap_or_else(|error| panic!("{words:?}: {error}\n{}", self.log())),
        };
        let text = match answer {
            Value::BulkString(bytes) => String::from_utf8(bytes).expect("text"),
            other => panic!("no text: {other:?}"),
        };
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until a condition holds.
    ///
    /// # Panics
    ///
    /// Panics if it does not hold within `PATIENCE`.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !holds().await {
            assert!(start.elapsed() < PATIENCE, "timed out waiting until {what}:\n{}", self.log());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts the process. Returns whether it answers, which it does not if its port was taken.
    async fn run(&mut self) -> bool {
        let mut command = Command::new(self.program);
        command.args(&self.arguments).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command
            .args(["--protected-mode", "yes", "--loglevel", "warning", "--logfile", "log", "--dir"])
            .arg(&self.folder);
        if self.program == "redis-server" {
            command.args(["--save", "", "--enable-debug-command", "local", "--repl-diskless-sync-delay", "0"]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => {
                panic!(
                    "there is no `{}`: install Debian's package of that name, or let `tests/run` do it",
                    self.program
                )
            }
            _ => panic!("{}: {error}", self.program),
        });
        let child = self.child.insert(child);
        let start = Instant::now();
        loop {
            if child.try_wait().expect("it is our child process").is_some() {
                self.child = None;
                return false;
            }
            let answer = tokio::time::timeout(PATIENCE, ping(self.port)).await;
            if answer.is_ok_and(|answered| answered) {
                return true;
            }
            assert!(start.elapsed() < PATIENCE, "redis-server does not answer:\n{}", self.log());
            tokio::time::sleep(POLL).await;
        }
    }

    fn signal(&self, signal: &str) {
        let child = self.child.as_ref().expect("it runs");
        let line = format!("kill -{signal} {}", child.id());
        let sent = Command::new("sh").args(["-c", &line]).status().expect("a shell is installed");
        assert!(sent.success(), "{line}");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Returns whether a server answers on this port, even if only to ask for a password.
async fn ping(port: u16) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await else { return false };
    let mut answer = [0; 5];
    let asked = stream.write_all(b"PING\r\n").await.is_ok() && stream.read_exact(&mut answer).await.is_ok();
    asked && [*b"+PONG", *b"-NOAU"].contains(&answer)
}

fn arguments(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn new_folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("velox-redis-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

/// Returns two ports that were free a moment ago.
fn free_ports() -> (u16, u16) {
    let bind = || TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = |listener: &TcpListener| listener.local_addr().expect("it is bound").port();
    let (first, second) = (bind(), bind());
    (port(&first), port(&second))
}

/// Makes a key and a self-signed certificate.
fn certify(folder: &Path) {
    let settings = "[req]\ndistinguished_name = name\nx509_extensions = extensions\nprompt = no\n[name]\nCN = localhost\n\
                    [extensions]\nbasicConstraints = critical,CA:FALSE\nsubjectAltName = DNS:localhost,IP:127.0.0.1\n";
    fs::write(folder.join("settings"), settings).expect("a folder of its own");
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    command.args(["-config", "settings", "-keyout", "key.pem", "-out", "certificate.pem"]).current_dir(folder);
    let output = command.output().unwrap_or_else(|error| panic!("openssl is needed for a certificate: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const ATTEMPTS: u32 = 5;
/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
