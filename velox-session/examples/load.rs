//! Measures what many sessions cost the bench app. `tests/measure/sessions` starts the app and runs
//! this.
//!
//! It logs in as often as it is told, then requests profiles with random cookies. It prints the
//! processor time that the server takes for a request, and how long the slowest of a hundred
//! requests took.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that prints what it has measured")]

use std::error::Error;
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let mut next = |what: &str| args.next().ok_or_else(|| format!("no {what}; see tests/measure/sessions"));
    let (port, pid) = (next("port")?.parse::<u16>()?, next("process id")?);
    let (sessions, requests) = (next("number of sessions")?.parse()?, next("number of requests")?.parse()?);
    let expire_after = next("seconds")?.parse::<u64>()?;

    ask(port, &pid, &log_in(port, 1_000).await?.into(), Until::Requests(20_000)).await?;
    let empty = resident(&pid)?;
    let filling = Instant::now();
    let cookies: Arc<[String]> = log_in(port, sessions).await?.into();
    let took = filling.elapsed();
    println!(
        "{sessions} logins: {} KiB of memory for the first thousand and all before, then {}",
        empty,
        resident(&pid)?
    );
    let quiet = ask(port, &pid, &cookies, Until::Requests(requests)).await?;
    println!("profile, quiet: {quiet}");
    if expire_after > 0 {
        // The first session ends when its lifetime is over, the others in the order and at the pace
        // in which they began.
        let first = filling + Duration::from_secs(expire_after);
        tokio::time::sleep_until((first + Duration::from_secs(1)).into()).await;
        // The cookie of the one session that does not end.
        let own: Arc<[String]> = log_in(port, 1).await?.into();
        let expiring = ask(port, &pid, &own, Until::Time(Instant::now() + took)).await?;
        println!("profile, while they expire: {expiring}");
        let after = ask(port, &pid, &own, Until::Time(Instant::now() + took)).await?;
        println!("profile, the same afterwards: {after}");
        println!("p99, while against afterwards: {:.2}", expiring.p99.as_secs_f64() / after.p99.as_secs_f64());
        println!("{} KiB of memory are left", resident(&pid)?);
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Until {
    Requests(usize),
    Time(Instant),
}

struct Measured {
    requests: usize,
    cpu: Duration,
    p50: Duration,
    p99: Duration,
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { requests, cpu, p50, p99 } = self;
        let each = cpu.as_nanos() / (*requests as u128).max(1);
        write!(f, "{requests} requests, {each} ns of the server's processor each, p50 {p50:?}, p99 {p99:?}")
    }
}

async fn log_in(port: u16, count: usize) -> Result<Vec<String>, Failure> {
    let body = r#"{"email":"ada@example.com","password":"correct horse battery staple"}"#;
    let request = format!(
        "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let left = Arc::new(AtomicUsize::new(count));
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (request, left) = (request.clone(), Arc::clone(&left));
        tasks.push(tokio::spawn(async move {
            let (mut connection, mut cookies) = (Connection::open(port).await?, Vec::new());
            while take(&left) {
                let head = connection.exchange(request.as_bytes()).await?;
                let (_, cookie) = head.split_once("set-cookie: ").ok_or("no cookie")?;
                cookies.push(cookie.split(';').next().unwrap_or_default().to_owned());
            }
            Ok::<_, Failure>(cookies)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.append(&mut task.await??);
    }
    Ok(all)
}

async fn ask(port: u16, pid: &str, cookies: &Arc<[String]>, until: Until) -> Result<Measured, Failure> {
    let before = cpu(pid)?;
    let left = Arc::new(AtomicUsize::new(match until {
        Until::Requests(count) => count,
        Until::Time(_) => usize::MAX,
    }));
    let mut tasks = Vec::new();
    for number in 0..CONNECTIONS {
        let (cookies, left) = (Arc::clone(cookies), Arc::clone(&left));
        tasks.push(tokio::spawn(async move {
            let (mut connection, mut waits) = (Connection::open(port).await?, Vec::new());
            // Xorshift: no cache can predict which session is requested.
            let mut dice = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(number as u64 + 1);
            while take(&left) && !matches!(until, Until::Time(end) if Instant::now() >= end) {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                let cookie = &cookies[(dice % cookies.len() as u64) as usize];
                let request = format!("GET /api/auth/profile HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n");
                let sent = Instant::now();
                let head = connection.exchange(request.as_bytes()).await?;
                if !head.starts_with("HTTP/1.1 200") {
                    return Err(format!("not a profile: {head}").into());
                }
                waits.push(sent.elapsed());
            }
            Ok::<_, Failure>(waits)
        }));
    }
    let mut waits = Vec::new();
    for task in tasks {
        waits.append(&mut task.await??);
    }
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default();
    Ok(Measured { requests: waits.len(), cpu: cpu(pid)? - before, p50: at(50), p99: at(99) })
}

fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Returns the processor time that a process has taken, in steps of ten milliseconds.
fn cpu(pid: &str) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("not a line of /proc")?;
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(10 * ticks))
}

/// Returns the resident memory of a process in KiB.
fn resident(pid: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// A connection that is kept open: one request, then its answer.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Returns the headers of the answer. The body is read and dropped.
    async fn exchange(&mut self, request: &[u8]) -> Result<String, Failure> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end])?;
            let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()).unwrap_or("0");
            if self.buffer.len() >= end + 4 + length.parse::<usize>()? {
                return Ok(head.to_owned());
            }
        }
    }
}

const CONNECTIONS: usize = 16;
