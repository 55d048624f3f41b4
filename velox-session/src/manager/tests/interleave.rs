//! Tests two requests of one session in every order of their store calls.

use std::pin::Pin;

use super::world::{World, poll, value};
use super::*;

/// What one of the two requests does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    /// It only reads, at a time when a read renews the session.
    Reads,
    Sets(&'static str),
    Counts,
    TakesFlash,
    LogsIn,
    LogsInAnother,
    LogsOut,
    LogsOutEverywhere,
    Regenerates,
}

const ALL: [Does; 10] = [
    Does::Reads,
    Does::Sets("a"),
    Does::Sets("b"),
    Does::Counts,
    Does::TakesFlash,
    Does::LogsIn,
    Does::LogsInAnother,
    Does::LogsOut,
    Does::LogsOutEverywhere,
    Does::Regenerates,
];

/// The outcome of one request.
#[derive(Debug)]
struct Outcome {
    saved: bool,
    delivered: bool,
    /// The cookie that it sent, and whether its session was live at that moment.
    cookie: Option<(String, bool)>,
}

#[derive(Debug)]
struct History {
    visitor: bool,
    acts: [Does; 2],
    /// Which request went on, each time both could.
    order: Vec<usize>,
    outcomes: [Outcome; 2],
}

/// Runs every pair of requests in every order, on the session of a visitor and on that of a user.
fn for_all_histories(mut check: impl FnMut(&World, &str, &History)) {
    for visitor in [true, false] {
        for (first, one) in ALL.into_iter().enumerate() {
            for other in ALL.into_iter().skip(first) {
                let mut order = Vec::new();
                loop {
                    let (world, cookie, history) = run(visitor, [one, other], order);
                    check(&world, &cookie, &history);
                    order = history.order;
                    // The orders are enumerated by counting, with as many binary digits as there
                    // were choices.
                    while order.pop_if(|last| *last == 1).is_some() {}
                    match order.last_mut() {
                        Some(last) => *last = 1,
                        None => break,
                    }
                }
            }
        }
    }
}

fn run(visitor: bool, acts: [Does; 2], mut order: Vec<usize>) -> (World, String, History) {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        if !visitor {
            login(session);
        }
        session.set("count", 0).expect("a write");
        session.flash("f", 1).expect("a write");
    });
    world.clock.advance(HOUR);
    let manager = world.stepped();
    let headers = world.headers(Some(&cookie));
    // Both requests load the session before either does anything.
    let exchanges = [0, 1].map(|_| finish(Box::pin(manager.open(&headers))).expect("the store answers"));
    let mut futures = [0, 1].map(|index| {
        let (manager, exchange) = (manager.clone(), exchanges[index].clone());
        Some(Box::pin(async move {
            let call = exchange.call();
            let Ok(delivered) = act(acts[index], &call.session()).await else { return (false, None) };
            call.commit();
            (delivered, manager.close(&exchange).await.ok())
        }))
    });
    let mut outcomes = [None, None];
    let mut step = 0;
    while outcomes.iter().any(Option::is_none) {
        let index = if futures.iter().all(Option::is_some) {
            if order.len() == step {
                order.push(0);
            }
            step += 1;
            order[step - 1]
        } else {
            usize::from(futures[0].is_none())
        };
        let future = futures[index].as_mut().expect("one of them runs");
        if let Some((delivered, closed)) = poll(future) {
            futures[index] = None;
            let line = closed.as_ref().and_then(|closing| closing.set_cookie().map(value));
            let cookie = line.filter(|value| !value.is_empty()).map(|value| {
                let live = is_live(&world, &value);
                (value, live)
            });
            outcomes[index] = Some(Outcome { saved: closed.is_some(), delivered, cookie });
        }
    }
    let outcomes = outcomes.map(|outcome| outcome.expect("both have ended"));
    (world, cookie, History { visitor, acts, order, outcomes })
}

/// Performs the act, and returns whether it delivered a message.
async fn act(does: Does, session: &Session) -> Result<bool, SessionError> {
    match does {
        Does::Reads => session.get::<u32>("unused").map(|_| ())?,
        Does::Sets(key) => session.set(key, 1)?,
        Does::Counts => session.update("count", |n: Option<u32>| n.unwrap_or(0) + 1).await.map(|_| ())?,
        Does::TakesFlash => return session.take_flash::<u32>("f").await.map(|message| message.is_some()),
        Does::LogsIn => session.login(ada()).await?,
        Does::LogsInAnother => session.login(SessionUser::new("u2", "bob@example.com")).await?,
        Does::LogsOut => session.logout().await?,
        Does::LogsOutEverywhere => session.logout_all().await?,
        Does::Regenerates => session.regenerate().await?,
    }
    Ok(false)
}

/// Runs a future to its end.
fn finish<F: Future>(mut future: Pin<Box<F>>) -> F::Output {
    loop {
        if let Some(output) = poll(&mut future) {
            return output;
        }
    }
}

/// Returns whether it writes to the session under its present id, which another request may end or
/// replace meanwhile.
fn writes(does: Does) -> bool {
    matches!(does, Does::Sets(_) | Does::Counts | Does::Regenerates)
}

fn is_live(world: &World, cookie: &str) -> bool {
    !world.open(Some(cookie)).call().session().is_new()
}

fn changes_identity(does: Does) -> bool {
    logs_out(does) || matches!(does, Does::LogsIn | Does::LogsInAnother | Does::Regenerates)
}

fn logs_out(does: Does) -> bool {
    matches!(does, Does::LogsOut | Does::LogsOutEverywhere)
}

#[test]
fn no_order_of_two_requests_breaks_a_session() {
    for_all_histories(|world, old, history| {
        let [one, other] = &history.outcomes;
        let both = |wanted: Does| history.acts.iter().filter(|act| **act == wanted).count();
        let moved = history.acts.iter().any(|act| changes_identity(*act));

        // When a request ends, the cookie that it sends is that of a live session.
        for outcome in [one, other] {
            assert!(outcome.cookie.as_ref().is_none_or(|(_, live)| *live), "{history:?}");
        }

        // A session that was ended or rotated is gone, whatever the other request did.
        assert!(!moved || !is_live(world, old), "{history:?}");

        // Only a write fails, and only if the other request has given the session a new id or ended
        // it. A login fails if all sessions of its user were ended meanwhile.
        let everywhere = both(Does::LogsOutEverywhere) > 0;
        for (act, outcome) in history.acts.iter().zip([one, other]) {
            let may_fail = writes(*act) && moved || *act == Does::LogsIn && everywhere;
            assert!(outcome.saved || may_fail && outcome.cookie.is_none(), "{history:?}");
        }
        // One request reads the message, unless the session was gone.
        let delivered = [one, other].iter().filter(|outcome| outcome.delivered).count();
        let most = both(Does::TakesFlash).min(1);
        assert!(delivered == most || moved && delivered < most, "{history:?}");

        // Each session that is left has a browser, except those of a request that was overtaken
        // after it had sent its cookie.
        let sent: Vec<_> =
            history.outcomes.iter().filter_map(|outcome| outcome.cookie.as_ref().map(|(value, _)| value)).collect();
        let live = sent.iter().filter(|value| is_live(world, value)).collect::<std::collections::BTreeSet<_>>().len();
        let reads_old = usize::from(!moved && !sent.iter().any(|value| *value == old));
        assert_eq!(world.store.len(), live + reads_old, "{history:?}");

        if !moved {
            // No confirmed write is lost.
            world.visit(Some(old), |session| {
                let count = session.get::<usize>("count").expect("a read");
                assert_eq!(count, Some(both(Does::Counts)), "{history:?}");
                for key in ["a", "b"] {
                    assert_eq!(session.contains(key), both(Does::Sets(key)) > 0, "{history:?}");
                }
            });
        }
        // A logout leaves nothing, unless the other request began a new session before or after.
        // All sessions of a user end under every id.
        let others = || history.acts.iter().filter(|act| !logs_out(**act) && changes_identity(**act));
        let is_alone = others().next().is_none() || everywhere && others().all(|act| *act == Does::Regenerates);
        if history.acts.into_iter().any(logs_out) && (is_alone && !history.visitor || others().next().is_none()) {
            assert!(world.store.is_empty(), "{history:?}");
        }
    });
}

#[test]
fn acknowledged_writes_are_in_the_session_that_goes_on() {
    for_all_histories(|world, _, history| {
        let (Some(mover), Some(writer)) = (
            history.acts.iter().position(|act| matches!(act, Does::Regenerates | Does::LogsIn)),
            history.acts.iter().position(|act| matches!(act, Does::Counts | Does::Sets(_))),
        ) else {
            return;
        };
        // The session got a new id, or the write came first and the rotation was repeated on it.
        let (new, _) = history.outcomes[mover].cookie.as_ref().expect("it got a new id");
        world.visit(Some(new), |session| {
            let written = match history.acts[writer] {
                Does::Counts => session.get::<u32>("count").expect("a read") == Some(1),
                _ => session.contains("a") || session.contains("b"),
            };
            assert_eq!(written, history.outcomes[writer].saved, "{history:?}");
        });
    });
}

#[test]
fn no_order_of_requests_mixes_the_data_of_two_users() {
    for_all_histories(|world, _, history| {
        for (act, outcome) in history.acts.iter().zip(&history.outcomes) {
            if let (false, Does::LogsInAnother, Some((cookie, _))) = (history.visitor, act, &outcome.cookie) {
                world.visit(Some(cookie), |session| {
                    assert!(session.data().expect("a read").is_empty(), "{history:?}");
                    assert_eq!(session.user_id().as_deref(), Some("u2"), "{history:?}");
                });
            }
        }
    });
}
