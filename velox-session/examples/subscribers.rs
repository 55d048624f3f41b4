//! Measures what many idle subscribers cost. `tests/measure/subscribers` runs this with their
//! number and optionally the address of a Redis.
//!
//! Each subscriber is a session with one stream. A second process of this program runs the clients.
//! It prints the server's memory for each subscriber, the processor time of ten seconds in which
//! only the sessions are checked, and the time from an event until the last client has received it.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that prints what it has measured")]

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::stream::{self, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use velox_rpc::{App, Call, Router, Server, procedure};
use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SessionMiddleware, SessionUser, session_middleware};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match &args[..] {
        [word, port, count] if word == "clients" => clients(port.parse()?, count.parse()?).await,
        [count] => server(count.parse()?, None).await,
        [count, redis] => server(count.parse()?, Some(redis)).await,
        _ => Err("a number of subscribers, and perhaps the address of a Redis: see tests/measure/subscribers".into()),
    }
}

async fn server(count: usize, redis: Option<&str>) -> Result<(), Failure> {
    let settings = session_middleware("a development secret of 32 bytes or more").cookie_name("session").secure(false);
    let settings = match redis {
        Some(url) => settings.store(RedisStore::connect(url)?),
        None => settings.store(MemoryStore::new()),
    };
    let (publish, _) = watch::channel(0_u32);
    let publish = Arc::new(publish);
    let service = App::new(()).router(live(&settings.build()?, &publish)).into_service()?;
    let bound = Server::new(service).max_connections(count + 1000).bind("127.0.0.1:0").await?;
    let port = bound.local_addr().port().to_string();
    tokio::spawn(bound.run_until(std::future::pending::<()>()));

    let program = std::env::current_exe()?;
    // These clients come before the measurement, so that the fixed cost of the program is not
    // counted.
    let mut warm = run_clients(&program, &port, 100)?;
    warm.next_line()?;
    let before = resident()?;
    let mut clients = run_clients(&program, &port, count)?;
    clients.next_line()?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (resident()? - before) as f64 / count as f64;
    println!("{count} idle subscribers: {each:.1} KiB of memory for each");
    let (busy, began) = (processor_time()?, SystemTime::now());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (busy, took) = (processor_time()? - busy, began.elapsed()?.as_millis() as u64);
    println!("the look at their sessions: {:.2} % of a processor", busy as f64 * 100.0 / took as f64);
    let published = now();
    publish.send_replace(1);
    let last: u128 = clients.next_line()?.parse()?;
    println!("from an event to the last client: {:.1} ms", last.saturating_sub(published) as f64 / 1e6);
    Ok(())
}

fn live(session: &SessionMiddleware, publish: &Arc<watch::Sender<u32>>) -> Router<()> {
    let publish = Arc::clone(publish);
    Router::new("live")
        .procedure(
            "login",
            procedure::<()>().use_(session.middleware()).mutation(async |Call { ctx, .. }| {
                let id = ctx.scope().id().to_string();
                Ok(ctx.session.login(SessionUser::new(&id, "ada@example.com")).await?)
            }),
        )
        .procedure(
            "feed",
            procedure().use_(session.required()).subscription(move |_| {
                stream::unfold(publish.subscribe(), async |mut events| {
                    events.changed().await.ok()?;
                    let event = *events.borrow();
                    Some((event, events))
                })
                .map(Ok)
            }),
        )
}

/// Runs the clients.
struct Clients {
    process: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

fn run_clients(program: &std::path::Path, port: &str, count: usize) -> Result<Clients, Failure> {
    let args = ["clients", port, &count.to_string()];
    let mut process = Command::new(program).args(args).stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(process.stdout.take().ok_or("a pipe")?).lines();
    Ok(Clients { process, lines })
}

impl Clients {
    fn next_line(&mut self) -> Result<String, Failure> {
        Ok(self.lines.next().ok_or("the clients have gone")??)
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

/// Subscribes this many times and reports it, then reports when the last client has received the
/// event.
async fn clients(port: u16, count: usize) -> Result<(), Failure> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(subscribed(port).await?);
    }
    println!("ready");
    let mut waiting: JoinSet<Result<u128, Failure>> = JoinSet::new();
    for mut stream in streams {
        waiting.spawn(async move {
            until(&mut stream, "data: 1\n\n").await?;
            Ok(now())
        });
    }
    let mut last = 0;
    while let Some(at) = waiting.join_next().await {
        last = last.max(at??);
    }
    println!("{last}");
    Ok(())
}

/// Opens a stream of a new session.
async fn subscribed(port: u16) -> Result<TcpStream, Failure> {
    let mut login = TcpStream::connect(("127.0.0.1", port)).await?;
    login.write_all(b"POST /api/live/login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n").await?;
    let head = until(&mut login, "\r\n\r\n").await?;
    let cookie = head.split_once("set-cookie: ").and_then(|(_, rest)| rest.split(';').next()).ok_or("a cookie")?;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET /api/live/feed HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    until(&mut stream, "event: connected\n").await?;
    Ok(stream)
}

async fn until(stream: &mut TcpStream, text: &str) -> Result<String, Failure> {
    let (mut seen, mut buffer) = (String::new(), [0; 1024]);
    while !seen.contains(text) {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(format!("the server has closed: {seen}").into());
        }
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    Ok(seen)
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// Returns the resident memory of this process in KiB.
fn resident() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Returns the processor time that this process has taken, in milliseconds.
fn processor_time() -> Result<u64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // User and system time, in hundredths of a second.
    Ok((fields[11].parse::<u64>()? + fields[12].parse::<u64>()?) * 10)
}
