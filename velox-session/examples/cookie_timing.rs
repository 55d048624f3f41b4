//! Measures whether the time to reject a forged cookie reveals how much of its signature is right.
//!
//! `tests/measure/timing` runs it. It opens cookies of two classes in random order, as a request
//! would. The store is empty and is not called. For each round it prints Welch's t of the two
//! classes, and the difference that the round would have detected. The last rounds compare a class
//! with itself, to show the noise of the machine.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::error::Error;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use velox_session::{Manager, MemoryStore, SessionUser, session_middleware};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let store = MemoryStore::new();
    let manager =
        session_middleware("a secret for measuring, of 32 bytes or more").store(store.clone()).build_manager()?;
    let cookie = login(&manager)?;
    store.clear();
    let signature = cookie.rfind('.').ok_or("no signature")? + 1;
    let (first, last) = (changed(&cookie, signature), changed(&cookie, cookie.len() - 1));
    // The first run takes longer.
    round(&manager, [&first, &last], count / 10)?;
    for number in 1..=ROUNDS {
        println!("first and last, {number}: {}", round(&manager, [&first, &last], count)?);
    }
    for number in 1..=CONTROLS {
        println!("the same, {number}: {}", round(&manager, [&first, &first], count)?);
    }
    let forged = manager.counters().forged;
    println!("{forged} cookies with a wrong signature, and no session");
    Ok(())
}

/// Logs in, and returns the cookie as it is sent.
fn login(manager: &Manager) -> Result<String, Box<dyn Error>> {
    let exchange = ready(manager.open(&HeaderMap::new()))?;
    let call = exchange.call();
    ready(call.session().login(SessionUser::new("u1", "ada@example.com")))?;
    call.commit();
    let mut response = HeaderMap::new();
    ready(manager.close(&exchange))?.apply(&mut response);
    let line = response[SET_COOKIE].to_str()?;
    Ok(line.split(';').next().unwrap_or(line).to_owned())
}

/// Returns the cookie with another character at this place.
fn changed(cookie: &str, index: usize) -> String {
    let other = if cookie.as_bytes()[index] == b'A' { "E" } else { "A" };
    format!("{}{other}{}", &cookie[..index], &cookie[index + 1..])
}

/// Opens `count` cookies of a random class.
fn round(manager: &Manager, classes: [&str; 2], count: usize) -> Result<String, Box<dyn Error>> {
    let mut samples = [Vec::with_capacity(count), Vec::with_capacity(count)];
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..count {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let class = usize::from(chance >> 63 == 1);
        // The headers are created each time, so that no class has a fixed place in memory.
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(classes[class])?)]);
        let begin = Instant::now();
        black_box(ready(manager.open(black_box(&headers)))?);
        samples[class].push(begin.elapsed().as_nanos() as f64);
    }
    let [one, other] = samples.map(Sample::of);
    let error = (one.variance / one.count + other.variance / other.count).sqrt();
    let difference = one.mean - other.mean;
    Ok(format!(
        "t = {:+.2}, medians {} and {} ns, means {:.1} and {:.1} ns (a difference of {:.1} ns would be seen)",
        difference / error,
        one.median,
        other.median,
        one.mean,
        other.mean,
        LIMIT * error,
    ))
}

/// The statistics of a class, without the slowest hundredth, in which the machine did something
/// else.
struct Sample {
    count: f64,
    mean: f64,
    median: f64,
    variance: f64,
}

impl Sample {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        times.truncate(times.len() - times.len() / 100);
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { count, mean, median: times[times.len() / 2], variance }
    }
}

/// Returns the output of a future that does not wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("memory is always ready"),
    }
}

const ROUNDS: usize = 5;
const CONTROLS: usize = 2;
/// By chance, t stays below this.
const LIMIT: f64 = 4.5;
