//! Checks all short histories of a request against a model that is too simple to be wrong.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::id::SessionId;
use crate::key::StoreKey;
use crate::record::Record;
use crate::session::op::Op;
use crate::session::state::{Base, Loaded, Mark, Message};
use crate::user::{SessionUser, UserLogin};

/// Returns the plan, or the text of the error, which can be compared.
fn plan(state: &State, now: u64, policy: &Policy) -> Result<Plan, String> {
    super::plan(state, now, policy).map_err(text)
}

fn text(error: CloseError) -> String {
    error.to_string()
}

const LENGTH: usize = 4;
const OPENED: u64 = 1_000_000;
const NOW: u64 = OPENED + 5;
const CREATED: u64 = OPENED - 10_000;
const TTL: u64 = 100_000;
const POLICY: Policy = Policy { ttl: TTL, absolute: Some(500_000), touch_interval: 10_000, sliding: true };

/// What a call may do. `Fail` ends the call with a server error and `End` with success. Both begin
/// another call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Set,
    Count,
    RemoveLoaded,
    RemoveMissing,
    Flash,
    LoginA,
    LoginB,
    Logout,
    LogoutAll,
    LogoutOthers,
    Regenerate,
    Fail,
    End,
}

const ACTS: [Act; 13] = [
    Act::Set,
    Act::Count,
    Act::RemoveLoaded,
    Act::RemoveMissing,
    Act::Flash,
    Act::LoginA,
    Act::LoginB,
    Act::Logout,
    Act::LogoutAll,
    Act::LogoutOthers,
    Act::Regenerate,
    Act::Fail,
    Act::End,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    NoCookie,
    DeadCookie,
    Anonymous,
    UserA,
}

const STARTS: [Start; 4] = [Start::NoCookie, Start::DeadCookie, Start::Anonymous, Start::UserA];

impl Start {
    fn is_live(self) -> bool {
        matches!(self, Self::Anonymous | Self::UserA)
    }

    fn is_presented(self) -> bool {
        self != Self::NoCookie
    }

    fn record(self) -> Record {
        let mut content = Content::new(CREATED);
        if self == Self::UserA {
            content.log_in(&UserLogin::plain(SessionUser::new("a", "a@x"), CREATED));
        }
        content.values.set("loaded", json!(1));
        content.flash.set("old", json!("o"));
        Record::new(Arc::new(content), 7, OPENED + TTL, CREATED)
    }

    fn state(self, read_only: bool) -> State {
        let loaded = self.is_live().then(|| {
            let id = SessionId::generate().expect("entropy");
            let key = StoreKey::new(&"session".into(), &id);
            let record = self.record();
            Loaded { key, record, signature: None, renewed: false, mark: Mark::default() }
        });
        State::new(loaded, self.is_presented(), read_only, OPENED, 64 * 1024)
    }
}

/// Runs the acts as calls would.
fn run(start: Start, history: &[Act]) -> State {
    run_as(start, history, false)
}

fn run_as(start: Start, history: &[Act], read_only: bool) -> State {
    let mut state = start.state(read_only);
    let mut call = state.begin();
    for act in history {
        let op = match act {
            Act::Set => Op::Set { key: "set".into(), value: json!(1) },
            Act::Count => {
                count(&mut state, call);
                continue;
            }
            Act::RemoveLoaded => Op::Remove { key: "loaded".into() },
            Act::RemoveMissing => Op::Remove { key: "missing".into() },
            Act::Flash => Op::Flash { key: "new".into(), value: json!("n") },
            Act::LoginA => Op::Login(Box::new(UserLogin::plain(SessionUser::new("a", "a@x"), OPENED + 1))),
            Act::LoginB => Op::Login(Box::new(UserLogin::plain(SessionUser::new("b", "b@x"), OPENED + 1))),
            Act::Logout => Op::Logout { at: OPENED + 1 },
            Act::Regenerate => Op::Regenerate,
            Act::LogoutAll => {
                if let Some(user) = user_of(&mut state, call) {
                    state.push(call, Op::LogoutOthers { user }).expect("the call runs");
                }
                Op::Logout { at: OPENED + 1 }
            }
            Act::LogoutOthers => match user_of(&mut state, call) {
                Some(user) => Op::LogoutOthers { user },
                None => continue,
            },
            Act::Fail | Act::End => {
                state.end(call, *act == Act::End);
                call = state.begin();
                continue;
            }
        };
        state.push(call, op).expect("the call runs");
        // A message that this request wrote is for a later request.
        assert_eq!(state.flash(call, "new").expect("the call runs"), None);
    }
    state.end(call, true);
    state
}

/// Increments the counter, and saves it at once unless the update is deferred.
fn count(state: &mut State, call: u32) {
    let update = state.begin_update(call, "count").expect("the call runs");
    let value = json!(update.present.as_ref().and_then(Value::as_u64).unwrap_or(0) + 1);
    if update.is_deferred {
        assert!(state.update(call, &update, value).expect("the call runs"));
        return;
    }
    let part = state.with_update(call, &update, value, OPENED).expect("the call runs");
    save(state, &part, OPENED);
    state.updated(&update, part.epoch()).expect("the call runs");
}

/// Saves a part of what a request has changed. No other request runs meanwhile.
fn save(state: &mut State, part: &State, at: u64) {
    let content = Arc::clone(part.settled().content());
    let record = |version| Record::new(content, version, OPENED + TTL, OPENED);
    let left = match part.loaded() {
        Some(loaded) => Loaded { record: record(loaded.record.version() + 1), renewed: true, ..loaded.clone() },
        None => {
            let key = StoreKey::new(&"session".into(), &SessionId::generate().expect("entropy"));
            Loaded { key, record: record(1), signature: None, renewed: true, mark: Mark::default() }
        }
    };
    let before = part.loaded().map(|loaded| loaded.key.clone());
    assert!(state.saved_now(part, before.as_ref(), Some(left), false, at));
}

/// Takes a flash message, and saves its removal.
fn take(state: &mut State, call: u32, key: &str, at: u64) {
    let message = state.flash(call, key).expect("the call runs").expect("it is there");
    let part = state.without_message(call, &message).expect("the call runs").expect("it is there");
    save(state, &part, at);
    state.message_taken(call, message, part.epoch());
}

fn user_of(state: &mut State, call: u32) -> Option<String> {
    state.view(call).expect("the call runs").content().user().map(|user| user.id.to_owned())
}

/// Returns the acts that count, without the writes of failed calls.
fn kept(history: &[Act]) -> Vec<Act> {
    let mut kept = Vec::new();
    let mut pending = Vec::new();
    for act in history {
        match act {
            Act::Fail => pending.retain(|act| stands(*act)),
            Act::End => {}
            other => {
                pending.push(*other);
                continue;
            }
        }
        kept.append(&mut pending);
    }
    kept.append(&mut pending);
    kept
}

/// Returns whether the act is kept even if its call fails.
fn stands(act: Act) -> bool {
    match act {
        Act::LoginA | Act::LoginB | Act::Logout | Act::LogoutAll | Act::LogoutOthers | Act::Regenerate => true,
        Act::Count => true,
        Act::Set | Act::RemoveLoaded | Act::RemoveMissing | Act::Flash | Act::Fail | Act::End => false,
    }
}

/// A session as a plain program would keep it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    exists: bool,
    /// The store has the session: it was loaded, or began with an update.
    live: bool,
    /// An update was saved, which renews the lifetime.
    renewed: bool,
    /// This request has ended the session or given it a new id.
    own: bool,
    user: Option<&'static str>,
    data: BTreeMap<&'static str, u64>,
    flash: Vec<&'static str>,
    created: u64,
    /// It is still the loaded session, under the same id.
    same: bool,
    /// Nothing has been cleared since.
    heir: bool,
    dirty: bool,
    end_all_of: Vec<String>,
    logged_in: bool,
}

fn model(start: Start, others: bool, acts: &[Act]) -> Model {
    let mut model = Model { created: OPENED, ..Model::default() };
    if start.is_live() {
        model = Model { exists: true, live: true, same: true, heir: true, created: CREATED, ..model };
        model.user = (start == Start::UserA).then_some("a");
        model.data.insert("loaded", 1);
        model.flash.push("old");
        if others {
            model.data.insert("theirs", 1);
        }
    }
    for act in acts {
        match act {
            Act::Set => model.write().data.insert("set", 1).map_or((), drop),
            Act::Count => {
                *model.data.entry("count").or_default() += 1;
                if model.own {
                    model.write();
                } else if model.live {
                    model.renewed = true;
                } else {
                    let began = Model { exists: true, live: true, renewed: true, same: true, heir: true, ..model };
                    model = Model { created: OPENED, ..began };
                }
            }
            Act::RemoveLoaded => {
                if model.data.remove("loaded").is_some() {
                    model.write();
                }
            }
            Act::Flash => {
                if !model.flash.contains(&"new") {
                    model.flash.push("new");
                }
                model.write();
            }
            Act::LoginA => model.log_in("a"),
            Act::LoginB => model.log_in("b"),
            Act::Logout => model = model.ended(),
            Act::LogoutAll => {
                model.end_all_of.extend(model.user.map(str::to_owned));
                model = model.ended();
            }
            Act::LogoutOthers => {
                if let Some(user) = model.user {
                    model.end_all_of.push(user.to_owned());
                }
            }
            Act::Regenerate => {
                if model.same {
                    (model.write().same, model.own) = (false, true);
                }
            }
            Act::RemoveMissing | Act::Fail | Act::End => {}
        }
    }
    model
}

impl Model {
    fn write(&mut self) -> &mut Self {
        (self.exists, self.dirty) = (true, true);
        self
    }

    fn ended(self) -> Self {
        Self {
            created: OPENED + 1,
            live: self.live,
            own: true,
            end_all_of: self.end_all_of,
            logged_in: self.logged_in,
            ..Self::default()
        }
    }

    fn log_in(&mut self, user: &'static str) {
        if self.user.is_some_and(|present| present != user) {
            *self = std::mem::take(self).ended();
        }
        self.write().logged_in = true;
        (self.user, self.same, self.own, self.created) = (Some(user), false, true, OPENED + 1);
    }

    fn assert_is(&self, content: &Content, context: &impl std::fmt::Debug) {
        assert_eq!(content.user_id(), self.user, "{context:?}");
        let (data, messages) = (content.data(), content.flash.map());
        let data: BTreeMap<_, _> =
            data.iter().map(|(key, value)| (key.as_str(), value.as_u64().expect("a number"))).collect();
        assert_eq!(data, self.data, "{context:?}");
        let mut flash: Vec<_> = self.flash.clone();
        flash.sort_unstable();
        let mut found: Vec<_> = messages.keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, flash, "{context:?}");
        assert_eq!(content.created_at, self.created, "{context:?}");
    }
}

fn for_all_histories(mut check: impl FnMut(Start, &[Act])) {
    for length in 0..=LENGTH {
        for number in 0..ACTS.len().pow(u32::try_from(length).expect("short")) {
            let mut rest = number;
            let history: Vec<Act> = (0..length)
                .map(|_| {
                    let act = ACTS[rest % ACTS.len()];
                    rest /= ACTS.len();
                    act
                })
                .collect();
            for start in STARTS {
                check(start, &history);
            }
        }
    }
}

#[test]
fn every_plan_matches_the_model() {
    for_all_histories(|start, history| {
        let state = run(start, history);
        let plan = plan(&state, NOW, &POLICY).expect("no other request wrote");
        let context = (start, history, &plan);
        assert!(state.is_written() || plan_read(&state, NOW, &POLICY) == plan, "{context:?}");
        assert_as_model(
            &plan,
            start,
            &model(start, false, &kept(history)),
            kept(history).iter().any(|act| matches!(act, Act::Logout | Act::LogoutAll)),
            &context,
        );
    });
}

#[test]
fn every_history_is_replayed_on_writes_of_another_request() {
    for_all_histories(|start, history| {
        let mut state = run(start, history);
        if let Some(loaded) = state.loaded().filter(|_| start.is_live()) {
            let mut content = Content::clone(loaded.record.content());
            content.values.set("theirs", json!(1));
            let theirs = Record::new(Arc::new(content), loaded.record.version() + 1, OPENED + TTL, OPENED);
            state.rebase(Some(theirs));
            let plan = plan(&state, NOW, &POLICY).expect("it can be done again");
            let context = (start, history, &plan);
            assert_as_model(&plan, start, &model(start, true, &kept(history)), false, &context);
        }
    });
}

fn assert_as_model(plan: &Plan, start: Start, model: &Model, logged_out: bool, context: &impl std::fmt::Debug) {
    let full = Duration::from_millis(TTL);
    let issued = CookieOp::Issue { max_age: full };
    assert_eq!((&plan.end_all_of, plan.logged_in), (&model.end_all_of, model.logged_in), "{context:?}");
    // A session that continues keeps its age, but five milliseconds do not matter for the limit
    // here.
    let content = match &plan.store {
        StoreOp::Create { content, ttl } => {
            assert!(!model.live && model.exists && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Update { content, ttl } => {
            assert!(model.live && model.same && model.dirty && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Rotate { content, ttl } => {
            assert!(model.live && model.exists && !model.same && model.heir && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Replace { content, ttl } => {
            assert!(model.live && model.exists && !model.same && !model.heir && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Destroy => {
            assert!(model.live && !model.exists, "{context:?}");
            assert_eq!(plan.cookie, CookieOp::Remove, "{context:?}");
            None
        }
        // The lifetime was not renewed.
        StoreOp::Nothing => {
            assert!(!model.dirty && !model.renewed && model.exists == model.live, "{context:?}");
            let removed = logged_out && start.is_presented();
            assert_eq!(plan.cookie, if removed { CookieOp::Remove } else { CookieOp::Nothing }, "{context:?}");
            None
        }
        StoreOp::Confirm { ttl, doubt } => {
            assert!(!model.dirty && model.renewed && *ttl == full && !doubt, "{context:?}");
            assert_eq!(plan.cookie, issued, "{context:?}");
            None
        }
    };
    if let Some(content) = content {
        model.assert_is(content, context);
        assert_eq!(plan.cookie, issued, "{context:?}");
    }
}

#[test]
fn no_history_revives_a_session_that_ended_elsewhere() {
    for_all_histories(|start, history| {
        if !start.is_live() {
            return;
        }
        let mut state = run(start, history);
        state.rebase(None);
        let acts = kept(history);
        let last = acts.iter().rposition(|act| matches!(act, Act::LoginA | Act::LoginB | Act::Logout | Act::LogoutAll));
        let planned = plan(&state, NOW, &POLICY);
        let context = (start, history, &planned);
        let wrote = acts.iter().any(|act| !matches!(act, Act::Count | Act::LogoutOthers));
        let Ok(plan) = &planned else {
            // The data is lost, and the request fails. After a login or a logout, the data goes
            // into another session. But nobody can say which of the other sessions to keep, and an
            // update of a value that is gone has no result.
            let undone = acts.contains(&Act::LogoutOthers) || acts.contains(&Act::Count);
            assert!(wrote && last.is_none() || undone, "{context:?}");
            return;
        };
        assert!(last.is_some() || !wrote, "{context:?}");
        match &plan.store {
            StoreOp::Nothing => assert!(!matches!(plan.cookie, CookieOp::Issue { .. }), "{context:?}"),
            StoreOp::Create { content, .. } => {
                let last = last.unwrap_or_else(|| panic!("reborn: {context:?}"));
                // After a logout it is another session; after a login it belongs to the user who
                // logged in.
                let logged_out = |act: &Act| matches!(act, Act::Logout | Act::LogoutAll);
                assert_eq!(content.user().is_some(), !logged_out(&acts[last]), "{context:?}");
                let foreign = start == Start::UserA || acts.iter().any(logged_out);
                assert!(!foreign || !content.data().contains_key("loaded"), "{context:?}");
                assert!(!foreign || !content.flash.map().contains_key("old"), "{context:?}");
            }
            _ => panic!("the record is gone: {context:?}"),
        }
        if last.is_none() {
            assert_eq!(*plan, Plan::nothing(), "{context:?}");
        }
    });
}

#[test]
fn a_taken_message_is_not_written_again_unless_the_call_failed() {
    for keep in [true, false] {
        let mut state = Start::Anonymous.state(false);
        let call = state.begin();
        take(&mut state, call, "old", OPENED);
        assert_eq!(state.flash(call, "old").expect("the call runs"), None, "once");
        state.end(call, keep);
        let planned = plan(&state, NOW, &POLICY).expect("no other request wrote");
        let StoreOp::Update { content, .. } = &planned.store else {
            let renewed = StoreOp::Confirm { ttl: Duration::from_millis(TTL), doubt: false };
            assert!(keep && planned.store == renewed, "{planned:?}");
            continue;
        };
        assert!(!keep && content.flash.map()["old"] == "o", "{planned:?}");
    }
}

#[test]
fn a_record_of_another_user_is_not_written_to() {
    let mut state = run(Start::Anonymous, &[Act::Set]);
    state.rebase(Some(Start::UserA.record()));
    assert_eq!(plan(&state, NOW, &POLICY), Err(text(CloseError::Conflict)));
}

#[test]
fn an_update_is_valid_only_for_the_value_it_started_from() {
    // After a new id, the update is saved with the rest, but its value has already been returned.
    for (theirs, holds) in [("other", true), ("count", false)] {
        let mut state = run(Start::UserA, &[Act::Count, Act::Regenerate, Act::Count]);
        let mut content = Content::clone(state.loaded().expect("it is live").record.content());
        content.values.set(theirs, json!(7));
        state.rebase(Some(Record::new(Arc::new(content), 9, OPENED + TTL, OPENED)));
        let planned = plan(&state, NOW, &POLICY);
        assert_eq!(planned.is_ok(), holds, "{planned:?}");
    }
}

#[test]
fn a_later_update_does_not_hide_an_outdated_earlier_one() {
    // Both updates have returned a value. The first one is what the update of another request
    // has returned, too.
    let mut state = run(Start::UserA, &[]);
    let call = state.begin();
    state.push(call, Op::Regenerate).expect("the call runs");
    count(&mut state, call);
    let mut content = Content::clone(state.loaded().expect("it is live").record.content());
    content.values.set("count", json!(1));
    state.rebase(Some(Record::new(Arc::new(content), 9, OPENED + TTL, OPENED)));
    count(&mut state, call);
    state.end(call, true);
    assert_eq!(plan(&state, NOW, &POLICY), Err(text(CloseError::Conflict)));
}

#[test]
fn an_update_of_a_session_that_the_request_has_left_does_not_conflict() {
    for last in [Act::LoginB, Act::Logout] {
        let mut state = run(Start::UserA, &[Act::Regenerate, Act::Count, last]);
        let mut content = Content::clone(state.loaded().expect("it is live").record.content());
        content.values.set("count", json!(7));
        state.rebase(Some(Record::new(Arc::new(content), 9, OPENED + TTL, OPENED)));
        let planned = plan(&state, NOW, &POLICY);
        assert!(planned.is_ok(), "{last:?}: {planned:?}");
    }
}

#[test]
fn a_read_only_request_never_saves() {
    for_all_histories(|start, history| {
        let state = run_as(start, history, true);
        assert!(!state.is_written());
        assert_eq!(plan(&state, NOW, &POLICY), Ok(Plan::nothing()), "{history:?}");
    });
}

/// A session of a user that was renewed by loading, and only read.
fn renewed(policy: &Policy) -> State {
    let mut state = Start::UserA.state(false);
    let State { base: Base::Live(loaded), .. } = &mut state else { panic!("it is live") };
    let left = policy.longest(&Content::new(CREATED), OPENED);
    loaded.renewed = true;
    loaded.record = loaded.record.clone().with_expiry(OPENED + left);
    state
}

#[test]
fn a_read_renewed_by_its_load_sends_the_cookie() {
    let full = Duration::from_millis(TTL);
    let issued = CookieOp::Issue { max_age: full };
    let state = renewed(&POLICY);
    for (after, doubt) in [(0, false), (DOUBTFUL_AFTER - 1, false), (DOUBTFUL_AFTER, true), (50_000, true)] {
        let planned = plan(&state, OPENED + after, &POLICY);
        assert_eq!(planned, Ok(Plan::new(StoreOp::Confirm { ttl: full, doubt }, issued)), "{after}");
    }
    // A clock that was set back meanwhile does not cause doubt.
    let early = plan(&state, OPENED - 50_000, &POLICY);
    assert_eq!(early, Ok(Plan::new(StoreOp::Confirm { ttl: full, doubt: false }, issued)));
}

#[test]
fn a_read_after_a_slow_write_does_not_shorten_the_lifetime() {
    // The write began 5 s before the store finished it, so another request may have got the
    // whole lifetime.
    let mut state = Start::UserA.state(false);
    let (call, at) = (state.begin(), OPENED + 5_000);
    take(&mut state, call, "old", at);
    state.end(call, true);
    let (ttl, max_age) = (Duration::from_millis(TTL), Duration::from_millis(TTL - 5_000));
    let confirmed = Plan::new(StoreOp::Confirm { ttl, doubt: false }, CookieOp::Issue { max_age });
    assert_eq!(plan(&state, at, &POLICY), Ok(confirmed));
}

#[test]
fn the_absolute_timeout_caps_every_path() {
    let policy = Policy { absolute: Some(30_500), touch_interval: 0, ..POLICY };
    // Created 10 s before it was opened, so 20.5 s are left. The cookie has whole seconds.
    let (ttl, max_age) = (Duration::from_millis(20_500), Duration::from_secs(20));
    let planned =
        |history: &[Act], now| plan(&run(Start::UserA, history), now, &policy).expect("no other request wrote");
    let read = |now| plan(&renewed(&policy), now, &policy).expect("only read");
    let confirmed = Plan::new(StoreOp::Confirm { ttl, doubt: false }, CookieOp::Issue { max_age });
    assert_eq!(read(OPENED), confirmed);
    for act in [Act::Set, Act::Regenerate] {
        let (StoreOp::Update { ttl: capped, .. } | StoreOp::Rotate { ttl: capped, .. }) = planned(&[act], OPENED).store
        else {
            panic!("{act:?}");
        };
        assert_eq!(capped, ttl);
    }
    let StoreOp::Rotate { ttl: renewed, .. } = planned(&[Act::LoginA], OPENED).store else { panic!() };
    assert_eq!(renewed, Duration::from_millis(30_500), "a login begins anew");
    for history in [&[Act::Set][..], &[Act::Regenerate], &[Act::Set, Act::Regenerate]] {
        let late = plan(&run(Start::UserA, history), OPENED + 20_500, &policy);
        assert_eq!(late, Err(text(CloseError::Conflict)), "there is no session left to write to: {history:?}");
    }
    // A message cannot be put back either.
    let mut state = Start::UserA.state(false);
    let call = state.begin();
    take(&mut state, call, "old", OPENED);
    let (epoch, older) = (state.epoch(), Message { key: "older".to_owned(), value: json!("o") });
    state.message_taken(call, older, epoch);
    state.end(call, false);
    assert_eq!(plan(&state, OPENED + 20_500, &policy), Err(text(CloseError::Conflict)));
    assert_eq!(read(OPENED + 20_500), Plan::nothing());
    assert_eq!(read(OPENED + 19_501), Plan::nothing(), "less than a second is no Max-Age");
    assert_eq!(planned(&[Act::Set], OPENED + 19_501).cookie, CookieOp::Remove);
}

/// The session has expired in the store meanwhile, and with it the value that the update is for.
#[test]
fn a_login_whose_session_is_over_before_it_is_saved_only_removes_the_cookie() {
    let mut state = run(Start::UserA, &[Act::Count, Act::LoginA, Act::Count]);
    let at = OPENED + POLICY.absolute.expect("it is set") + 1;
    for store in [StoreOp::Destroy, StoreOp::Nothing] {
        let over = plan(&state, at, &POLICY).expect("nothing is left to save");
        assert_eq!((over.store, over.cookie), (store, CookieOp::Remove));
        state.rebase(None);
    }
}

#[test]
fn without_sliding_a_session_ends_at_its_first_expiry() {
    let policy = Policy { sliding: false, ..POLICY };
    let ttl_of =
        |history: &[Act]| match plan(&run(Start::UserA, history), OPENED + 40_000, &policy).expect("alone").store {
            StoreOp::Update { ttl, .. } | StoreOp::Rotate { ttl, .. } | StoreOp::Replace { ttl, .. } => ttl,
            other => panic!("{other:?}"),
        };
    assert_eq!(ttl_of(&[Act::Set]), Duration::from_millis(TTL - 40_000));
    assert_eq!(ttl_of(&[Act::Regenerate]), Duration::from_millis(TTL - 40_000));
    assert_eq!(ttl_of(&[Act::LoginA]), Duration::from_millis(TTL));
    assert_eq!(ttl_of(&[Act::Logout, Act::Set]), Duration::from_millis(TTL));
}

#[test]
fn after_the_head_is_sent_a_needed_cookie_is_an_error_and_nothing_is_prolonged() {
    let fixed = Policy { sliding: false, ..POLICY };
    for_all_histories(|start, history| {
        let state = run(start, history);
        let planned = match plan(&state, NOW, &fixed) {
            Ok(planned) if planned.store.created().is_some() => Err(text(CloseError::CookieAfterHead)),
            Ok(planned @ Plan { store: StoreOp::Confirm { .. }, .. }) => {
                Ok(Plan { store: StoreOp::Nothing, cookie: CookieOp::Nothing, ..planned })
            }
            planned => planned,
        };
        assert_eq!(plan(&state.after_head(), NOW, &POLICY), planned, "{start:?} {history:?}");
    });
}
