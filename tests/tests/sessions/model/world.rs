//! Two servers, their browsers and one store, and the sessions that the model expects.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};
use velox_session::clock::{Clock, ManualClock};
use velox_session::{Manager, Record, SessionStore, StoreKey, session_middleware};
use velox_tests::SECRET;

use crate::model::case::{BROWSERS, Case, Request, Step};
use crate::model::ground::Ground;
use crate::model::oracle::{ABSOLUTE, Deed, Found, INTERVAL, Life, Session, TTL};
use crate::model::script::{Exchange, Notes, Script, Sent};
use crate::model::stepped::{Plain, Stepped, Talk, Turns};

pub(crate) struct World {
    pub(super) ground: Ground,
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) clock: ManualClock,
    servers: [Manager; 2],
    /// A third server that takes no turns and only reads.
    pub(super) onlooker: Manager,
    turns: Turns,
    jars: [Option<(String, u64)>; BROWSERS],
    running: Vec<Running>,
    begun: Instant,
    sent: usize,
    /// The sessions that the model expects, oldest first.
    pub(super) sessions: Vec<Session>,
    /// How often each message reached a request that was answered.
    pub(super) delivered: BTreeMap<String, usize>,
    /// The keys of sessions that ended before the request that began them did.
    pub(super) ended_early: HashSet<StoreKey>,
    history: Vec<String>,
    pub(crate) tally: Tally,
}

/// Counts what happened in a run, so that the test can tell whether it tested anything.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) store_calls: u64,
    /// Requests that wrote to a session to which another request had written since they loaded it.
    pub(crate) merged: usize,
    /// Requests whose session ended or got a new id while they ran.
    pub(crate) lost: usize,
    /// Requests that were told that nothing they wrote was saved.
    pub(crate) refused: usize,
    /// The refused requests whose session existed, but whose update started from an old value.
    pub(crate) outdated: usize,
    /// Updates that were saved at once.
    pub(crate) updates: usize,
    /// The updates saved at once that began a session.
    pub(crate) begun_at_once: usize,
    /// Updates that were saved with the other changes of a request, in a session that only this
    /// request had.
    pub(crate) updates_later: usize,
    /// Updates that found their session gone.
    pub(crate) updates_refused: usize,
    /// Sessions that ended by a logout under an older id.
    pub(crate) ended_elsewhere: usize,
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
            outdated: self.outdated + other.outdated,
            updates: self.updates + other.updates,
            begun_at_once: self.begun_at_once + other.begun_at_once,
            updates_later: self.updates_later + other.updates_later,
            updates_refused: self.updates_refused + other.updates_refused,
            ended_elsewhere: self.ended_elsewhere + other.ended_elsewhere,
            messages: self.messages + other.messages,
            expired: self.expired + other.expired,
        }
    }
}

/// A running request.
pub(super) struct Running {
    pub(super) request: Request,
    pub(super) number: usize,
    pub(super) notes: Rc<RefCell<Notes>>,
    future: Exchange,
    browser: usize,
    pub(super) cookie: Option<String>,
    /// Its calls to the store, and the answers.
    pub(super) talk: Talk,
    /// When it had its last turn. The code that follows a store call counts as begun at that time.
    pub(super) turned_at: u64,
    /// When it last decided how to end; zero before that.
    pub(super) planned_at: u64,
    /// `true` if `check_seen` has run.
    saw: bool,
    /// The session of its cookie: its index, its version when the request was sent, and until when
    /// it would have lived.
    pub(super) of: Option<(usize, usize, u64)>,
    pub(super) opened: Option<Opened>,
    /// How many of its deeds were checked.
    pub(super) checked: usize,
    /// The deeds that are saved at the end of the request.
    pub(super) deeds: Vec<Deed>,
    /// The message that it must get, if it is about to take one.
    pub(super) due: Option<Option<Value>>,
}

#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) index: usize,
    /// The session as the store last returned it to the request.
    pub(super) found: Found,
    /// The version of `found`.
    pub(super) version: usize,
    /// `true` if another request has written to the session since this one loaded it.
    pub(super) overtaken: bool,
    /// `Some(true)` if the request renewed it; `None` if that depends on a millisecond.
    pub(super) renewed: Option<bool>,
    /// When the session was there, as far as the request knows.
    pub(super) seen_at: u64,
    /// The earliest and the latest end of its life, seen from then.
    pub(super) until: (u64, u64),
}

impl World {
    pub(crate) fn new(ground: Ground, clock: ManualClock) -> Self {
        let (store, turns) = (ground.store(), Turns::default());
        let settings = || {
            let settings = session_middleware(SECRET).cookie_name("session").secure(false).clock(clock.clone());
            let settings = settings.max_age(Duration::from_millis(TTL)).touch_interval(Duration::from_millis(INTERVAL));
            // Time passes in steps that are longer than any request would wait.
            settings.absolute_timeout(Duration::from_millis(ABSOLUTE)).patience(Duration::from_secs(86_400))
        };
        let servers = [0, IN_STEPS].map(|server| {
            let plain = Plain { store: Arc::clone(&store), turns: turns.clone() };
            let store = Stepped { plain, at_once: server != IN_STEPS };
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
            delivered: BTreeMap::new(),
            ended_early: HashSet::new(),
            history: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Runs all steps and checks the store at the end.
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
        self.tally
    }

    /// Runs all running requests to their ends, in turn.
    async fn finish(&mut self) {
        let mut next = 0;
        while !self.running.is_empty() {
            self.go_on(next % self.running.len()).await;
            next += 1;
        }
    }

    fn send(&mut self, request: Request) {
        let known: Vec<_> = self.sessions.iter().filter_map(|session| session.cookie.as_ref()).collect();
        let stolen = request.stolen.filter(|_| !known.is_empty()).map(|which| known[which % known.len()].clone());
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
        let index = self.sessions.iter().position(|session| cookie.is_some() && session.cookie == cookie);
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
            talk: Talk::default(),
            turned_at: self.clock.now(),
            planned_at: 0,
            saw: false,
            of,
            opened: None,
            checked: 0,
            deeds: Vec::new(),
            due: None,
        });
        self.tally.requests += 1;
    }

    async fn go_on(&mut self, which: usize) {
        let mut running = self.running.remove(which);
        let was_opened = running.notes.borrow().opened.is_some();
        let (told, loaded) = (running.talk.told, running.notes.borrow().acting);
        let closed = self.turns.go_on(&mut running.future, &mut running.talk).await;
        if !was_opened && running.notes.borrow().opened.is_some() {
            self.check_opened(&mut running);
        }
        let told = running.talk.told > told;
        self.check_destroyed(&mut running);
        if loaded && told {
            self.look_again(&mut running);
        }
        self.check_deeds(&mut running).await;
        let (seen, closing_at) = {
            let notes = running.notes.borrow();
            (notes.seen.clone(), notes.closing_at)
        };
        if let (Some(seen), false) = (&seen, running.saw) {
            self.check_seen(&running, seen);
            running.saw = true;
        }
        if closing_at > 0 && (told || running.planned_at == 0) {
            running.planned_at = self.clock.now();
        }
        running.turned_at = self.clock.now();
        let Some(closed) = closed else {
            self.running.insert(which, running);
            return;
        };
        self.note(|| format!("#{} is done: {closed:?}", running.number));
        self.tally.store_calls += running.talk.calls;
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

    /// Reads a record without a turn.
    pub(super) async fn record(&self, key: &StoreKey) -> Option<Record> {
        self.store.get(key).await.expect("the store answers")
    }

    /// How far the clock of the store may be ahead of the test's: by the real time that the test
    /// took.
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

    /// Fails with the whole history.
    pub(super) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        assert!(holds, "{}\n{}", what(), self.history.join("\n"));
    }
}

impl Running {
    /// Returns the session to which its deeds are applied.
    pub(super) fn found(&self) -> Found {
        match &self.opened {
            Some(opened) => opened.found.clone(),
            None => Found::nothing(self.notes.borrow().opening_at),
        }
    }
}

/// The store key of the session in a cookie.
pub(super) fn key_of(cookie: &str) -> StoreKey {
    let id = cookie.split('.').next().expect("an id");
    let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
    StoreKey::from_text(&format!("session:{digest}")).expect("a key")
}

pub(crate) const START: u64 = 1_700_000_000_000;
/// The server whose store uses the trait's defaults, which take several steps.
const IN_STEPS: usize = 1;
const AT_ONCE: usize = 4;
