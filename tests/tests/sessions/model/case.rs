//! The random events of one run: requests that start or continue by one store call, and time that
//! passes.

use std::time::Duration;

use proptest::prelude::*;

/// A run. Whatever is still under way at its end is driven to its end in turn.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// What is in the session that all browsers share at the beginning, if there is one.
    pub(crate) begin: Option<Vec<Act>>,
    /// What happens then.
    pub(crate) steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A browser begins a request.
    Send(Request),
    /// One of the requests under way goes on, up to its next store call.
    GoOn(usize),
    /// Time passes.
    Pass(Duration),
    /// A browser gets the cookie of another one.
    Share {
        /// Whose.
        from: usize,
        /// Who gets it.
        to: usize,
    },
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Who sends it.
    pub(crate) browser: usize,
    /// The cookie it has: the browser's own, or one that was given out at some time, whatever became of it.
    pub(crate) stolen: Option<usize>,
    /// The server that answers it.
    pub(crate) server: usize,
    /// What it does to its session.
    pub(crate) acts: Vec<Act>,
    /// Whether its call ends in a server error.
    pub(crate) fails: bool,
}

/// What a call does to its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Sets a key to a value that nobody else sets.
    Set(&'static str),
    /// Removes a key.
    Remove(&'static str),
    /// Counts up, and saves that at once.
    Count,
    /// Leaves a message that nobody else leaves.
    Flash(&'static str),
    /// Reads a message.
    Take(&'static str),
    /// Logs this user in.
    Login(&'static str),
    /// Logs out.
    Logout,
    /// Asks for a new id.
    Regenerate,
}

impl Act {
    /// Whether it holds whatever becomes of the call.
    pub(crate) fn stands(self) -> bool {
        matches!(self, Self::Login(_) | Self::Logout | Self::Regenerate | Self::Count)
    }
}

/// All runs.
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

/// Often none: a request that only reads.
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

/// Around all that has a limit: 100 ms of doubt, a renewal every 10 s, 100 s without a request, 300 s in all.
fn time() -> impl Strategy<Value = Duration> {
    let times = [1, 40, 99, 100, 3_000, 10_000, 40_000, 90_000, 99_999, 100_000, 150_000, 300_000];
    prop_oneof![
        3 => prop::sample::select(times[..6].to_vec()),
        1 => prop::sample::select(times[6..].to_vec()),
    ]
    .prop_map(Duration::from_millis)
}

/// The key of what is counted up.
pub(crate) const COUNT: &str = "count";
pub(crate) const BROWSERS: usize = 3;
pub(crate) const USERS: [&str; 2] = ["ada", "bob"];
