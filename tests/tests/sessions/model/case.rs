//! The random events of one run. A request starts, or advances by one store call, or time passes.

use std::time::Duration;

use proptest::prelude::*;

/// A run. The test finishes the requests that are still running at its end, one after another.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The acts that fill the session which all browsers share at the start. `None`: no session.
    pub(crate) begin: Option<Vec<Act>>,
    pub(crate) steps: Vec<Step>,
}

/// An event of a run.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A browser begins a request.
    Send(Request),
    /// A running request advances to its next store call.
    GoOn(usize),
    /// Time passes.
    Pass(Duration),
    /// A browser gets the cookie of another browser.
    Share { from: usize, to: usize },
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) browser: usize,
    /// The cookie it sends: the browser's own if `None`, otherwise any cookie that a server ever
    /// set.
    pub(crate) stolen: Option<usize>,
    pub(crate) server: usize,
    /// The acts of its call.
    pub(crate) acts: Vec<Act>,
    pub(crate) fails: bool,
}

/// An act of a call on its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Sets a key to a value that no other act sets.
    Set(&'static str),
    Remove(&'static str),
    /// Increments a counter, which is saved at once.
    Count,
    /// Leaves a flash message that no other act leaves.
    Flash(&'static str),
    /// Reads a flash message.
    Take(&'static str),
    Login(&'static str),
    Logout,
    /// Asks for a new session id.
    Regenerate,
}

impl Act {
    /// Returns whether the act is kept even if the call fails.
    pub(crate) fn stands(self) -> bool {
        matches!(self, Self::Login(_) | Self::Logout | Self::Regenerate | Self::Count)
    }
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let begin = prop_oneof![1 => Just(None), 4 => acts(4).prop_map(Some)];
    (begin, proptest::collection::vec(step(), 20..100)).prop_map(|(begin, steps)| Case { begin, steps })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => request().prop_map(Step::Send),
        24 => any::<usize>().prop_map(Step::GoOn),
        1 => time().prop_map(Step::Pass),
        2 => (0..BROWSERS, 0..BROWSERS).prop_map(|(from, to)| Step::Share { from, to }),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let stolen = prop_oneof![9 => Just(None), 1 => any::<usize>().prop_map(Some)];
    (0..BROWSERS, stolen, 0..2_usize, acts(4), prop::bool::weighted(0.08))
        .prop_map(|(browser, stolen, server, acts, fails)| Request { browser, stolen, server, acts, fails })
}

/// Often no acts, because most requests only read.
fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec(act(), 0..=most)
}

fn act() -> impl Strategy<Value = Act> {
    let key = prop_oneof![6 => prop::sample::select(vec!["a", "b", "c"]), 1 => Just(COUNT)];
    let message = prop_oneof![3 => Just("f"), 1 => Just("g")];
    let user = prop::sample::select(USERS.to_vec());
    prop_oneof![
        4 => key.clone().prop_map(Act::Set),
        2 => key.prop_map(Act::Remove),
        5 => Just(Act::Count),
        3 => message.clone().prop_map(Act::Flash),
        6 => message.prop_map(Act::Take),
        2 => user.prop_map(Act::Login),
        1 => Just(Act::Logout),
        1 => Just(Act::Regenerate),
    ]
}

/// Picks times around every limit: a session is looked up again after 100 ms, renewed after 10 s,
/// and ends after 100 s without a request or after 300 s in any case.
fn time() -> impl Strategy<Value = Duration> {
    let times = [1, 40, 99, 100, 3_000, 10_000, 40_000, 90_000, 99_999, 100_000, 150_000, 300_000];
    prop_oneof![
        3 => prop::sample::select(times[..6].to_vec()),
        1 => prop::sample::select(times[6..].to_vec()),
    ]
    .prop_map(Duration::from_millis)
}

/// The key of the counter.
pub(crate) const COUNT: &str = "count";
pub(crate) const BROWSERS: usize = 3;
pub(crate) const USERS: [&str; 2] = ["ada", "bob"];
