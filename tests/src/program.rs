//! Runs a program of this workspace as a process, reads its output, and ends it by its process id.

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

/// A process. Dropping it kills the process.
#[derive(Debug)]
pub struct Program {
    child: Child,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts an example with only this environment. The system chooses its port unless `PORT` is
    /// given.
    ///
    /// # Panics
    ///
    /// Panics if the example cannot be built or started.
    pub fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        Self::run(executable(name), environment)
    }

    /// Starts the program in this file, like [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Panics if it cannot be started.
    pub fn run(file: impl AsRef<OsStr>, environment: &[(&str, &str)]) -> Self {
        Self::spawn(Command::new(file), environment)
    }

    /// Starts an example with a limit on its open files.
    ///
    /// # Panics
    ///
    /// Panics if the example cannot be built or started.
    pub fn start_with_files(name: &str, files: usize) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "ulimit -n \"$1\"; exec \"$0\""]).arg(executable(name)).arg(files.to_string());
        Self::spawn(command, &[])
    }

    /// Starts an example with an open socket, as systemd passes one.
    ///
    /// # Panics
    ///
    /// Panics if the example cannot be built or started.
    pub fn start_with_socket(name: &str, socket: &TcpListener) -> Self {
        let mut command = Command::new("/bin/sh");
        // The first passed socket is file descriptor 3.
        command.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" 3<&0 </dev/null"]).arg(executable(name));
        let socket = OwnedFd::from(socket.try_clone().expect("a second handle"));
        Self::spawn_with(socket, command, &[])
    }

    /// Starts an example as process 1 of a new PID namespace, as in a container.
    ///
    /// # Panics
    ///
    /// Panics if the example cannot be built or started.
    pub fn start_as_first(name: &str) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
        // `unshare` does not report the id of the program itself, so the shell checks that it is 1.
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

    /// Waits until the program listens, and returns its address.
    ///
    /// # Panics
    ///
    /// Panics if it does not listen within `PATIENCE`.
    pub fn address(&self) -> SocketAddr {
        let line = self.wait_for("listening on http");
        let (_, address) = line.trim().rsplit_once('/').expect("the line has a URL");
        address.parse().unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Waits for the first line that contains `text`, and returns it.
    ///
    /// # Panics
    ///
    /// Panics if no such line comes within `PATIENCE`.
    pub fn wait_for(&self, text: &str) -> String {
        until(|| self.output().lines().find(|line| line.contains(text)).map(str::to_owned))
            .unwrap_or_else(|| panic!("no `{text}` in:\n{}", self.output()))
    }

    /// Returns what the program has written so far, to stdout and stderr.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a signal to the program: `TERM`, `INT` or `KILL`.
    ///
    /// # Panics
    ///
    /// Panics if the program has already ended.
    pub fn signal(&self, signal: &str) {
        signal_process(signal, &self.child.id().to_string());
    }

    /// Sends a signal to the child process of the program.
    ///
    /// # Panics
    ///
    /// Panics if the program has no child process.
    pub fn signal_child(&self, signal: &str) {
        let id = self.child.id();
        let child = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("a system with /proc");
        signal_process(signal, child.trim());
    }

    /// Waits for the end of the program. Returns its exit status and all its output.
    ///
    /// # Panics
    ///
    /// Panics if it has not ended within `limit`.
    pub fn ended(mut self, limit: Duration) -> (ExitStatus, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is our child process") {
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

    /// Waits until the address refuses connections.
    ///
    /// # Panics
    ///
    /// Panics if it still accepts connections after `PATIENCE`.
    pub fn wait_until_closed(&self, address: SocketAddr) {
        until(|| TcpStream::connect(address).is_err().then_some(()))
            .unwrap_or_else(|| panic!("it still listens:\n{}", self.output()));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // This fails if the process has already ended. Its id cannot be reused before `wait`.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends a request on a new connection and reads the whole reply. `head` is the request line and
/// the headers, without `Host`, `Content-Length` and the final empty line.
///
/// # Panics
///
/// Panics if the connection fails, or if the reply does not end.
pub fn exchange(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let length = body.len();
    let request = format!("{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply that ends");
    reply
}

fn signal_process(signal: &str, id: &str) {
    let line = format!("kill -{signal} {id}");
    let sent = Command::new("sh").args(["-c", &line]).status().expect("a shell is installed");
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

/// Returns the path of an example, built into the target folder of this test.
fn executable(name: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    let built = BUILT.get_or_init(build);
    let found = built.iter().find(|(built, _)| built == name);
    found.unwrap_or_else(|| panic!("no program `{name}` in {built:?}")).1.clone()
}

fn build() -> Vec<(String, PathBuf)> {
    // <target>/debug/deps/program-0123
    let this = std::env::current_exe().expect("a test binary has a path");
    let target = this.ancestors().nth(3).expect("it is in the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--message-format", "json", "--target-dir"]).arg(target).stderr(Stdio::inherit());
    // Without `--package`, as the README starts an example. With it, cargo would choose other
    // features of the dependencies and build them again.
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let sources = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/src/bin")).expect("the examples");
    for source in sources {
        let name = source.expect("an entry").path().with_extension("");
        cargo.arg("--bin").arg(name.file_name().expect("a name"));
    }
    // Cargo sets these for the package of this test. If they change, build scripts such as that of
    // `ring` run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&*name);
        }
    }
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

/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
