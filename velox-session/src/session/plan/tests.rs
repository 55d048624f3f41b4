//! All short histories of an exchange, held against a model that is too simple to be wrong.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::id::SessionId;
use crate::key::StoreKey;
use crate::manager::deaths::Mark;
use crate::record::Record;
use crate::session::op::{Op, Update};
use crate::session::state::{Base, Loaded};
use crate::user::SessionUser;

const LENGTH: usize = 4;
const OPENED: u64 = 1_000_000;
const NOW: u64 = OPENED + 5;
const CREATED: u64 = OPENED - 10_000;
const TTL: u64 = 100_000;
const POLICY: Policy = Policy { ttl: TTL, absolute: Some(500_000), touch_interval: 10_000, sliding: true };

/// What a call may do; `Fail` and `End` end it with a server error or well, and begin another.
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

    fn record(self, others: bool) -> Record {
        let mut content = Content::new(CREATED);
        if self == Self::UserA {
            content.log_in(SessionUser::new("a", "a@x"), CREATED);
        }
        content.set("loaded", json!(1));
        content.set_flash("old", json!("o"));
        if others {
            content.set("count", json!(10));
            content.set("theirs", json!(1));
        }
        Record::new(Arc::new(content), if others { 8 } else { 7 }, OPENED + TTL, CREATED)
    }

    fn state(self) -> State {
        let loaded = self.is_live().then(|| {
            let id = SessionId::generate().expect("entropy");
            let key = StoreKey::new(&"session".into(), &id);
            let record = self.record(false);
            Loaded { id, key, record, signature: None, renewed: false, mark: Mark::default() }
        });
        State::new(loaded, self.is_presented(), OPENED, 64 * 1024)
    }
}

/// The acts, as calls do them.
fn run(start: Start, history: &[Act]) -> State {
    let mut state = start.state();
    let mut call = state.begin();
    for act in history {
        let count = Update::new(|present| Ok(json!(present.and_then(Value::as_u64).unwrap_or(0) + 1)));
        let op = match act {
            Act::Set => Op::Set { key: "set".into(), value: json!(1) },
            Act::Count => Op::Update { key: "count".into(), function: count },
            Act::RemoveLoaded => Op::Remove { key: "loaded".into() },
            Act::RemoveMissing => Op::Remove { key: "missing".into() },
            Act::Flash => Op::Flash { key: "new".into(), value: json!("n") },
            Act::LoginA => Op::Login { user: SessionUser::new("a", "a@x"), at: OPENED + 1 },
            Act::LoginB => Op::Login { user: SessionUser::new("b", "b@x"), at: OPENED + 1 },
            Act::Logout => Op::Logout { at: OPENED + 1 },
            Act::Regenerate => Op::Regenerate,
            Act::LogoutAll => Op::LogoutAll { user: user_of(&mut state, call), at: OPENED + 1 },
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
        // A message written in this exchange is for a later one.
        assert_eq!(state.flash(call, "new").expect("the call runs"), None);
    }
    state.end(call, true);
    state
}

fn user_of(state: &mut State, call: u64) -> Option<String> {
    state.view(call).expect("the call runs").content().user().map(|user| user.id.to_owned())
}

/// The acts that count: without what calls wrote that failed.
fn kept(history: &[Act]) -> Vec<Act> {
    let mut kept = Vec::new();
    let mut pending = Vec::new();
    for act in history {
        match act {
            Act::Fail => pending.retain(|act| changes_identity(*act)),
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

fn changes_identity(act: Act) -> bool {
    match act {
        Act::LoginA | Act::LoginB | Act::Logout | Act::LogoutAll | Act::LogoutOthers | Act::Regenerate => true,
        Act::Set | Act::Count | Act::RemoveLoaded | Act::RemoveMissing | Act::Flash | Act::Fail | Act::End => false,
    }
}

/// A session as a plain program would have it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    exists: bool,
    user: Option<&'static str>,
    data: BTreeMap<&'static str, u64>,
    flash: Vec<&'static str>,
    created: u64,
    /// It is still the session that was loaded, under the same id.
    same: bool,
    /// Nothing has been cleared away since.
    heir: bool,
    dirty: bool,
    others: Others,
}

fn model(start: Start, others: bool, acts: &[Act]) -> Model {
    let mut model = Model { created: OPENED, ..Model::default() };
    if start.is_live() {
        model = Model { exists: true, same: true, heir: true, created: CREATED, ..model };
        model.user = (start == Start::UserA).then_some("a");
        model.data.insert("loaded", 1);
        model.flash.push("old");
        if others {
            model.data.extend([("count", 10), ("theirs", 1)]);
        }
    }
    for act in acts {
        match act {
            Act::Set => model.write().data.insert("set", 1).map_or((), drop),
            Act::Count => *model.write().data.entry("count").or_default() += 1,
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
            Act::Logout => model = Model { created: OPENED + 1, others: model.others, ..Model::default() },
            Act::LogoutAll => {
                model.others.end_all_of.extend(model.user.map(str::to_owned));
                model = Model { created: OPENED + 1, others: model.others, ..Model::default() };
            }
            Act::LogoutOthers => {
                if let Some(user) = model.user {
                    model.others.end_all_of.push(user.to_owned());
                }
            }
            Act::Regenerate => {
                if model.same {
                    model.write().same = false;
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

    fn log_in(&mut self, user: &'static str) {
        if self.user.is_some_and(|present| present != user) {
            *self = Self { others: self.others.clone(), ..Self::default() };
        }
        self.write().others.logged_in = true;
        (self.user, self.same, self.created) = (Some(user), false, OPENED + 1);
    }

    fn assert_is(&self, content: &Content, context: &impl std::fmt::Debug) {
        assert_eq!(content.user().map(|user| user.id), self.user, "{context:?}");
        let data: BTreeMap<_, _> =
            content.data().iter().map(|(key, value)| (key.as_str(), value.as_u64().expect("a number"))).collect();
        assert_eq!(data, self.data, "{context:?}");
        let mut flash: Vec<_> = self.flash.clone();
        flash.sort_unstable();
        let mut found: Vec<_> = content.flash().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, flash, "{context:?}");
        assert_eq!(content.created_at(), self.created, "{context:?}");
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
fn every_history_is_planned_as_the_model_says() {
    for_all_histories(|start, history| {
        let state = run(start, history);
        let plan = plan(&state, NOW, &POLICY).expect("nobody else wrote");
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
fn every_history_is_done_again_on_what_another_request_wrote() {
    for_all_histories(|start, history| {
        let mut state = run(start, history);
        if start.is_live() {
            state.rebase(Some(start.record(true)));
            let plan = plan(&state, NOW, &POLICY).expect("it can be done again");
            let context = (start, history, &plan);
            assert_as_model(&plan, start, &model(start, true, &kept(history)), false, &context);
        }
    });
}

fn assert_as_model(plan: &Plan, start: Start, model: &Model, logged_out: bool, context: &impl std::fmt::Debug) {
    let full = Duration::from_millis(TTL);
    let issued = CookieOp::Issue { max_age: full };
    assert_eq!(plan.others, model.others, "{context:?}");
    // A session that goes on as it began keeps the time since then; but five milliseconds are nothing to the limit here.
    let content = match &plan.store {
        StoreOp::Create { content, ttl } => {
            assert!(!start.is_live() && model.exists && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Update { content, ttl } => {
            assert!(start.is_live() && model.same && model.dirty && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Rotate { content, ttl } => {
            assert!(start.is_live() && model.exists && !model.same && model.heir && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Replace { content, ttl } => {
            assert!(start.is_live() && model.exists && !model.same && !model.heir && *ttl == full, "{context:?}");
            Some(content)
        }
        StoreOp::Destroy => {
            assert!(start.is_live() && !model.exists, "{context:?}");
            assert_eq!(plan.cookie, CookieOp::Remove, "{context:?}");
            None
        }
        // Nothing was renewed.
        StoreOp::Nothing => {
            assert!(!model.dirty && model.exists == start.is_live(), "{context:?}");
            let removed = logged_out && start.is_presented();
            assert_eq!(plan.cookie, if removed { CookieOp::Remove } else { CookieOp::Nothing }, "{context:?}");
            None
        }
        StoreOp::Confirm { .. } => panic!("{context:?}"),
    };
    if let Some(content) = content {
        model.assert_is(content, context);
        assert_eq!(plan.cookie, issued, "{context:?}");
    }
}

#[test]
fn what_was_ended_elsewhere_comes_back_in_no_history() {
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
        let Ok(plan) = &planned else {
            // Nobody can say which of the others is the one to be kept.
            assert!(acts.contains(&Act::LogoutOthers), "{context:?}");
            return;
        };
        match &plan.store {
            StoreOp::Nothing => assert!(!matches!(plan.cookie, CookieOp::Issue { .. }), "{context:?}"),
            StoreOp::Create { content, .. } => {
                let last = last.unwrap_or_else(|| panic!("reborn: {context:?}"));
                // After a logout it is another session; after a login it is the one who logged in.
                let logged_out = |act: &Act| matches!(act, Act::Logout | Act::LogoutAll);
                assert_eq!(content.user().is_some(), !logged_out(&acts[last]), "{context:?}");
                let foreign = start == Start::UserA || acts.iter().any(logged_out);
                assert!(!foreign || !content.data().contains_key("loaded"), "{context:?}");
                assert!(!foreign || !content.flash().contains_key("old"), "{context:?}");
            }
            _ => panic!("the record is gone: {context:?}"),
        }
        if last.is_none() {
            assert_eq!(*plan, Plan::nothing(), "{context:?}");
        }
    });
}

#[test]
fn a_message_that_was_claimed_is_in_no_later_write_and_comes_back_if_the_call_failed() {
    for keep in [true, false] {
        let mut state = Start::Anonymous.state();
        let call = state.begin();
        let message = state.flash(call, "old").expect("the call runs").expect("it is there");
        let (loaded, epoch) = state.holds(call, &message).expect("the call runs").expect("it is live");
        let mut content = Content::clone(loaded.record.content());
        content.remove_flash("old");
        state.claimed(call, epoch, message.clone(), Record::new(Arc::new(content), 8, OPENED + TTL, OPENED));
        assert_eq!(state.holds(call, &message).expect("the call runs").map(|_| ()), None, "once");
        state.end(call, keep);
        let planned = plan(&state, NOW, &POLICY).expect("nobody else wrote");
        let StoreOp::Update { content, .. } = &planned.store else {
            let renewed = StoreOp::Confirm { ttl: Duration::from_millis(TTL), doubt: false };
            assert!(keep && planned.store == renewed, "{planned:?}");
            continue;
        };
        assert!(!keep && content.flash()["old"] == "o", "{planned:?}");
    }
}

#[test]
fn a_record_that_went_to_another_user_is_not_written_to() {
    let mut state = run(Start::Anonymous, &[Act::Set]);
    state.rebase(Some(Start::UserA.record(true)));
    assert_eq!(plan(&state, NOW, &POLICY), Ok(Plan::nothing()));
}

/// A session of a user that was loaded at a time when that renewed it, and only read.
fn renewed(policy: &Policy) -> State {
    let mut state = Start::UserA.state();
    let State { base: Base::Live(loaded), .. } = &mut state else { panic!("it is live") };
    let left = policy.longest(CREATED, OPENED);
    loaded.renewed = true;
    loaded.record = loaded.record.clone().with_expiry(OPENED + left);
    state
}

#[test]
fn a_read_that_was_renewed_by_its_loading_sends_the_cookie() {
    let full = Duration::from_millis(TTL);
    let issued = CookieOp::Issue { max_age: full };
    let state = renewed(&POLICY);
    for (after, doubt) in [(0, false), (DOUBTFUL_AFTER - 1, false), (DOUBTFUL_AFTER, true), (50_000, true)] {
        let planned = plan(&state, OPENED + after, &POLICY);
        assert_eq!(planned, Ok(Plan::new(StoreOp::Confirm { ttl: full, doubt }, issued)), "{after}");
    }
    // A clock that was set back meanwhile is no reason for doubt.
    let early = plan(&state, OPENED - 50_000, &POLICY);
    assert_eq!(early, Ok(Plan::new(StoreOp::Confirm { ttl: full, doubt: false }, issued)));
}

#[test]
fn the_absolute_time_out_caps_every_path() {
    let policy = Policy { absolute: Some(30_500), touch_interval: 0, ..POLICY };
    // Created 10 s before it was opened, so that 20.5 s are left; the cookie has whole seconds.
    let (ttl, max_age) = (Duration::from_millis(20_500), Duration::from_secs(20));
    let planned = |history: &[Act], now| plan(&run(Start::UserA, history), now, &policy).expect("nobody else wrote");
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
    assert_eq!(planned(&[Act::Set], OPENED + 20_500), Plan::new(StoreOp::Destroy, CookieOp::Remove));
    assert_eq!(read(OPENED + 20_500), Plan::nothing());
    assert_eq!(read(OPENED + 19_501), Plan::nothing(), "less than a second is no Max-Age");
    assert_eq!(planned(&[Act::Set], OPENED + 19_501).cookie, CookieOp::Remove);
}

#[test]
fn without_sliding_a_session_ends_when_it_was_to_end() {
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
