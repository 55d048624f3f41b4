//! A program of this workspace as a process of its own: started, listened to, and ended by its own id.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A process. It is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts an example with this environment and no other, on a port that the system chooses unless `PORT` is given.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started.
    pub fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        Self::run(executable(name), environment)
    }

    /// Starts the program of this file, as [`start`](Self::start) does an example.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn run(file: impl AsRef<OsStr>, environment: &[(&str, &str)]) -> Self {
        Self::spawn(Command::new(file), environment)
    }

    /// Starts an example that may have so many files open.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started.
    pub fn start_with_files(name: &str, files: usize) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "ulimit -n \"$1\"; exec \"$0\""]).arg(executable(name)).arg(files.to_string());
        Self::spawn(command, &[])
    }

    /// Starts an example with a socket that is open already, as systemd hands one over.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started.
    pub fn start_with_socket(name: &str, socket: &TcpListener) -> Self {
        let mut command = Command::new("/bin/sh");
        // The first handed over is number 3.
        command.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" 3<&0 </dev/null"]).arg(executable(name));
        let socket = OwnedFd::from(socket.try_clone().expect("a second handle of it"));
        Self::spawn_with(socket, command, &[])
    }

    /// Starts an example as process 1 of a namespace of its own, as in a container.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started.
    pub fn start_as_first(name: &str) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
        // Of the program itself, `unshare` tells no number.
        command.args(["/bin/sh", "-c", "test $$ = 1 && exec \"$0\""]).arg(executable(name));
        Self::spawn(command, &[])
    }

    fn spawn(command: Command, environment: &[(&str, &str)]) -> Self {
        Self::spawn_with(Stdio::null(), command, environment)
    }

    fn spawn_with(input: impl Into<Stdio>, mut command: Command, environment: &[(&str, &str)]) -> Self {
        command.env_clear().env("PORT", "0").env("NO_COLOR", "1").envs(environment.iter().copied());
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let output = Arc::default();
        let readers = vec![
            listen(child.stdout.take().expect("it is piped"), &output),
            listen(child.stderr.take().expect("it is piped"), &output),
        ];
        Self { child, output, readers }
    }

    /// Where it listens, once it does.
    ///
    /// # Panics
    ///
    /// When it does not within `PATIENCE`.
    pub fn address(&self) -> SocketAddr {
        let line = self.wait_for("listening address=");
        let address = line.split("listening address=").nth(1).expect("the line has it").trim();
        address.parse().unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The first line that holds a text, once there is one.
    ///
    /// # Panics
    ///
    /// When there is none within `PATIENCE`.
    pub fn wait_for(&self, text: &str) -> String {
        until(|| self.output().lines().find(|line| line.contains(text)).map(str::to_owned))
            .unwrap_or_else(|| panic!("no `{text}` in:\n{}", self.output()))
    }

    /// What it has written so far, to either of its outputs.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends it a signal: `TERM`, `INT` or `KILL`.
    ///
    /// # Panics
    ///
    /// When it is gone already.
    pub fn signal(&self, signal: &str) {
        signal_process(signal, &self.child.id().to_string());
    }

    /// Sends a signal to the process that it has started.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn signal_child(&self, signal: &str) {
        let id = self.child.id();
        let child = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("a system with /proc");
        signal_process(signal, child.trim());
    }

    /// How it ended, and all that it wrote.
    ///
    /// # Panics
    ///
    /// When it has not within `limit`.
    pub fn ended(mut self, limit: Duration) -> (ExitStatus, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                break status;
            }
            assert!(start.elapsed() < limit, "it still runs after {limit:?}:\n{}", self.output());
            thread::sleep(POLL);
        };
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader does not panic");
        }
        (status, self.output())
    }

    /// Waits until nobody can connect any more.
    ///
    /// # Panics
    ///
    /// When somebody still can after `PATIENCE`.
    pub fn wait_until_closed(&self, address: SocketAddr) {
        until(|| TcpStream::connect(address).is_err().then_some(()))
            .unwrap_or_else(|| panic!("it still listens:\n{}", self.output()));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Of a process that has ended this is an error, and no other process has its id before it was waited for.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends a request on a connection of its own, and reads the whole reply. `head` is the request line and headers, without host, length
/// and the last empty line.
///
/// # Panics
///
/// When there is no connection, or no end of the reply.
pub fn exchange(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let length = body.len();
    let request = format!("{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply that ends");
    reply
}

fn signal_process(signal: &str, id: &str) {
    let line = format!("kill -{signal} {id}");
    let sent = Command::new("sh").args(["-c", &line]).status().expect("there is a shell");
    assert!(sent.success(), "{line}");
}

fn until<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        thread::sleep(POLL);
    }
}

fn listen(source: impl Read + Send + 'static, output: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&line);
            output.push('\n');
        }
    })
}

/// The examples, built into the folder that this test was built into.
fn executable(name: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    let built = BUILT.get_or_init(build);
    let found = built.iter().find(|(built, _)| built == name);
    found.unwrap_or_else(|| panic!("no program `{name}` in {built:?}")).1.clone()
}

fn build() -> Vec<(String, PathBuf)> {
    // <target>/debug/deps/program-0123
    let this = std::env::current_exe().expect("a test has a path");
    let target = this.ancestors().nth(3).expect("it lies in the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--package", "velox-examples", "--bins", "--message-format", "json", "--target-dir"]);
    cargo.arg(target).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "the examples do not build");
    let messages = String::from_utf8(output.stdout).expect("JSON");
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    artifacts
        .filter_map(|artifact| {
            let name = artifact["target"]["name"].as_str()?.to_owned();
            Some((name, PathBuf::from(artifact["executable"].as_str()?)))
        })
        .collect()
}

/// Reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
