//! Two servers, their browsers, and one store; and beside them the sessions as they have to be.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};
use velox_session::clock::{Clock, ManualClock};
use velox_session::{Manager, Record, SessionStore, StoreKey, session_middleware};
use velox_tests::SECRET;

use crate::case::{BROWSERS, Case, Request, Step};
use crate::ground::Ground;
use crate::oracle::{ABSOLUTE, Content, INTERVAL, Life, Session, Start, TTL};
use crate::script::{Exchange, Notes, Script, Sent};
use crate::stepped::{Stepped, Turns};

pub(crate) struct World {
    pub(super) ground: Ground,
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) clock: ManualClock,
    servers: [Manager; 2],
    /// A third server, which takes no turns and only looks.
    pub(super) onlooker: Manager,
    turns: Turns,
    jars: [Option<(String, u64)>; BROWSERS],
    running: Vec<Running>,
    begun: Instant,
    sent: usize,
    /// The sessions as they have to be, in the order in which they began.
    pub(super) sessions: Vec<Session>,
    /// Sessions whose cookie was not sent, since it had less than a second to live: until when they may be there.
    pub(super) unsent: Vec<u64>,
    /// How often each message was given to somebody whose request was answered.
    pub(super) delivered: BTreeMap<String, usize>,
    history: Vec<String>,
    pub(crate) tally: Tally,
}

/// What was met on the way: so that a test knows that it has tested something.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) store_calls: u64,
    /// Requests that wrote to a session which somebody else had written to since they loaded it.
    pub(crate) merged: usize,
    /// Requests whose session was ended, or got another id, while they ran.
    pub(crate) lost: usize,
    pub(crate) refused: usize,
    pub(crate) messages: usize,
    pub(crate) expired: usize,
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            store_calls: self.store_calls + other.store_calls,
            merged: self.merged + other.merged,
            lost: self.lost + other.lost,
            refused: self.refused + other.refused,
            messages: self.messages + other.messages,
            expired: self.expired + other.expired,
        }
    }
}

/// A request under way.
pub(super) struct Running {
    pub(super) request: Request,
    pub(super) number: usize,
    pub(super) notes: Rc<RefCell<Notes>>,
    future: Exchange,
    browser: usize,
    pub(super) cookie: Option<String>,
    pub(super) calls: u64,
    /// The session of its cookie, what it was like when the request was sent, and until when it would have lived then.
    pub(super) of: Option<(usize, usize, u64)>,
    /// What it has opened.
    pub(super) opened: Option<Opened>,
    /// How many of its deeds were checked.
    pub(super) checked: usize,
    /// The message that is due to it, if it is about to take one.
    pub(super) due: Option<Option<Value>>,
}

/// A session that a request has opened.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) index: usize,
    /// Whether it was still there when the request asked for it last, and what was in it then.
    pub(super) start: Start,
    pub(super) content: Content,
    /// Which version that is.
    pub(super) version: usize,
    /// Whether the loading has renewed it. Of `None` that is not known to the millisecond.
    pub(super) renewed: Option<bool>,
}

impl World {
    pub(crate) fn new(ground: Ground, clock: ManualClock) -> Self {
        let (store, turns) = (ground.store(), Turns::default());
        let settings = || {
            let settings = session_middleware(SECRET).cookie_name("session").secure(false).clock(clock.clone());
            let settings = settings.max_age(Duration::from_millis(TTL)).touch_interval(Duration::from_millis(INTERVAL));
            settings.absolute_timeout(Duration::from_millis(ABSOLUTE))
        };
        let servers = [true, false].map(|at_once| {
            let store = Stepped { store: Arc::clone(&store), turns: turns.clone(), at_once };
            settings().store(store).build_manager().expect("good settings")
        });
        let onlooker = settings().store(Arc::clone(&store)).build_manager().expect("good settings");
        Self {
            ground,
            store,
            clock,
            servers,
            onlooker,
            turns,
            jars: Default::default(),
            running: Vec::new(),
            begun: Instant::now(),
            sent: 0,
            sessions: Vec::new(),
            unsent: Vec::new(),
            delivered: BTreeMap::new(),
            history: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Lets all of it happen, and looks at what is left.
    pub(crate) async fn run(mut self, case: Case) -> Tally {
        if let Some(acts) = case.begin {
            self.send(Request { browser: 0, stolen: None, server: 0, acts, fails: false });
            self.finish().await;
            self.jars = std::array::from_fn(|_| self.jars[0].clone());
        }
        for step in case.steps {
            match step {
                Step::Send(request) if self.running.len() < AT_ONCE => self.send(request),
                Step::Send(_) => {}
                Step::GoOn(which) if !self.running.is_empty() => self.go_on(which % self.running.len()).await,
                Step::GoOn(_) => {}
                Step::Pass(time) => {
                    self.note(|| format!("{time:?} pass"));
                    self.clock.advance(time);
                    self.ground.pass(time).await;
                }
                Step::Share { from, to } => self.jars[to] = self.jars[from].clone(),
            }
        }
        self.finish().await;
        self.check_the_end().await;
        self.tally.store_calls = self.turns.calls();
        self.tally
    }

    /// Lets all requests under way come to their ends, in turn.
    async fn finish(&mut self) {
        let mut next = 0;
        while !self.running.is_empty() {
            self.go_on(next % self.running.len()).await;
            next += 1;
        }
    }

    fn send(&mut self, request: Request) {
        let stolen = request.stolen.filter(|_| !self.sessions.is_empty());
        let stolen = stolen.map(|which| self.sessions[which % self.sessions.len()].cookie.clone());
        let own = self.jars[request.browser].as_ref().filter(|(_, until)| *until > self.clock.now());
        let cookie = stolen.or_else(|| own.map(|(value, _)| value.clone()));
        self.sent += 1;
        let number = self.sent;
        let script = Script {
            number,
            manager: self.servers[request.server].clone(),
            turns: self.turns.clone(),
            clock: self.clock.clone(),
            cookie: cookie.clone(),
            acts: request.acts.clone(),
            fails: request.fails,
        };
        let (notes, future) = script.start();
        let index = self.sessions.iter().position(|session| Some(&session.cookie) == cookie.as_ref());
        let of = index.map(|index| (index, self.sessions[index].versions.len() - 1, self.sessions[index].until.0));
        self.note(|| format!("#{number} of session {index:?}: {request:?}"));
        let browser = request.browser;
        self.running.push(Running {
            request,
            number,
            notes,
            future,
            browser,
            cookie,
            calls: 0,
            of,
            opened: None,
            checked: 0,
            due: None,
        });
        self.tally.requests += 1;
    }

    async fn go_on(&mut self, which: usize) {
        let mut running = self.running.remove(which);
        let before = self.turns.calls();
        let was_opened = running.notes.borrow().opened.is_some();
        let (asked, acting) =
            (self.turns.loaded().0, running.notes.borrow().acting && !running.notes.borrow().closing());
        let closed = self.turns.go_on(&mut running.future).await;
        running.calls += self.turns.calls() - before;
        if !was_opened && running.notes.borrow().opened.is_some() {
            self.check_opened(&mut running);
        }
        if acting && self.turns.loaded().0 > asked {
            self.look_again(&mut running);
        }
        self.check_deeds(&mut running).await;
        let Some(closed) = closed else {
            self.running.insert(which, running);
            return;
        };
        self.note(|| format!("#{} is done: {closed:?}", running.number));
        self.check_closed(&running, &closed).await;
        match closed {
            Ok(Sent::Cookie { value, max_age }) => {
                self.jars[running.browser] = Some((value, self.clock.now() + 1_000 * max_age));
            }
            Ok(Sent::Removal) => self.jars[running.browser] = None,
            Ok(Sent::Nothing) | Err(_) => {}
        }
        if self.running.is_empty() {
            self.check_records().await;
        }
    }

    /// The record of a cookie, past all turns.
    pub(super) async fn record(&self, cookie: &str) -> Option<Record> {
        let id = cookie.split('.').next().expect("an id");
        let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = StoreKey::from_text(&format!("session:{digest}")).expect("a key");
        self.store.get(&key).await.expect("the store answers")
    }

    /// What the manager was given last.
    pub(super) fn loaded(&self) -> Option<Content> {
        self.turns.loaded().1.as_ref().map(Content::of)
    }

    /// How far the store's own clock may be ahead of the test's: the test has taken real time.
    pub(super) fn ahead(&self) -> u64 {
        let taken = self.begun.elapsed().as_millis();
        if self.ground.ages_by_itself() { u64::try_from(taken).expect("short") + 2 } else { 0 }
    }

    pub(super) fn life(&self, index: usize, first: u64) -> Life {
        self.sessions[index].life((first, self.clock.now()), self.ahead())
    }

    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        let line = format!("{:>7} {}", self.clock.now() - START, what());
        self.history.push(line);
    }

    /// Fails with all that happened.
    pub(super) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        assert!(holds, "{}\n{}", what(), self.history.join("\n"));
    }
}

impl Running {
    /// What its deeds are done to.
    pub(super) fn start(&self) -> (Start, Content) {
        match &self.opened {
            Some(opened) => (opened.start, opened.content.clone()),
            None => (Start::Nothing, Content::empty(self.notes.borrow().opening_at)),
        }
    }
}

pub(crate) const START: u64 = 1_700_000_000_000;
const AT_ONCE: usize = 4;
