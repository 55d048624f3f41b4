//! Checks that all sessions of a user end at once, and that no login that began earlier survives.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::create::DONE;
use super::kit::{COOKIE, Check, HOUR, Kit, Lives, Miss, ROUNDS, TASKS, Work, ensure, key, record_of};
use super::list::{lists, owner, user};
use super::threads::pause;
use crate::key::StoreKey;
use crate::store::{Condition, Created, Expected, Login, NewSession, Owner, SessionStore, StoreError};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("all sessions of a user end, and no others", Box::pin(all(kit))),
        ("all sessions of a user end except the one to keep", Box::pin(keep(kit))),
        ("if the session to keep is gone, no session ends", Box::pin(keep_of_the_gone(kit))),
        ("a session to keep that belongs to another user protects nothing", Box::pin(keep_of_another(kit))),
        ("hundreds of sessions of a user can end in one call", Box::pin(many(kit))),
        ("if a user has no live sessions, no session ends", Box::pin(none(kit))),
        ("a login that began before all sessions ended is refused and stores nothing", Box::pin(before(kit))),
        ("a login that began after all sessions ended is accepted", Box::pin(after(kit))),
        ("a login that began before is refused even if there was no session to end", Box::pin(unseen(kit))),
        ("ending a user's sessions affects neither logins of others nor new ids", Box::pin(others(kit))),
        ("a login that began before is refused for ten minutes", Box::pin(ten_minutes(kit))),
        ("a login that began before is refused as long as a session lives", Box::pin(as_long_as_listed(kit))),
        ("a new session can end all others of its user", Box::pin(by_login(kit))),
        ("a session that cannot begin ends no others", Box::pin(by_conflict(kit))),
        ("sessions that all end during saves stay ended", Box::pin(while_saved(kit))),
        ("sessions that all end during renewals stay ended", Box::pin(while_renewed(kit))),
        ("sessions that all end during changes of id stay ended", Box::pin(while_replaced(kit))),
        ("logins that began before all sessions ended are refused or ended", Box::pin(while_begun(kit))),
    ]
}

async fn all(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, other) = (user(), user());
    let theirs = [of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?];
    // A longer id that starts with this one belongs to another user.
    let longer = format!("{user}1");
    let spared = [
        of(kit, COOKIE, &other).await?,
        of(kit, COOKIE, &longer).await?,
        of(kit, "short", &user).await?,
        kit.present().await?,
    ];
    ends(kit, &owner(&user), None, 3).await?;
    for key in &theirs {
        kit.is_gone(key, "all sessions of its user were ended").await?;
    }
    lists(kit, &owner(&user), &[]).await?;
    for key in &spared {
        kit.found(key).await?;
    }
    ends(kit, &owner(&user), None, 0).await
}

async fn keep(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let (one, kept, other) =
        (of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?);
    ends(kit, &owner(&user), Some(&kept), 2).await?;
    for key in [&one, &other] {
        kit.is_gone(key, "all other sessions were ended").await?;
    }
    lists(kit, &owner(&user), std::slice::from_ref(&kept)).await?;
    ends(kit, &owner(&user), Some(&kept), 0).await?;
    kit.expires_in("get", &kit.found(&kept).await?, HOUR)
}

async fn keep_of_the_gone(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let (ended, expired) = (of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?);
    let stays = kit.inserted(kit.record_of(&user, 1), 3 * HOUR).await?;
    kit.end(&ended).await?;
    kit.advance(HOUR).await;
    for gone in [ended, expired, key(COOKIE)] {
        let done = kit.end_sessions(&owner(&user), Some(&gone)).await?;
        ensure!(done.is_none(), "end_sessions with a kept session that is gone: {done:?}");
        lists(kit, &owner(&user), std::slice::from_ref(&stays)).await?;
    }
    Ok(())
}

async fn keep_of_another(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, other) = (user(), user());
    let (theirs, asks) = (of(kit, COOKIE, &user).await?, of(kit, COOKIE, &other).await?);
    let done = kit.end_sessions(&owner(&user), Some(&asks)).await?;
    ensure!(done == Some(1), "end_sessions with a kept session of another user: {done:?}");
    kit.is_gone(&theirs, "all sessions of its user were ended").await?;
    lists(kit, &owner(&other), &[asks]).await
}

async fn many(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let mut keys = Vec::new();
    for _ in 0..300 {
        keys.push(of(kit, COOKIE, &user).await?);
    }
    let kept = keys.swap_remove(150);
    ends(kit, &owner(&user), Some(&kept), 299).await?;
    for key in &keys {
        kit.is_gone(key, "all other sessions were ended").await?;
    }
    lists(kit, &owner(&user), &[kept]).await
}

async fn none(kit: &Kit<'_>) -> Result<(), Miss> {
    let (never, ended, expired) = (user(), user(), user());
    kit.end(&of(kit, COOKIE, &ended).await?).await?;
    of(kit, COOKIE, &expired).await?;
    kit.advance(HOUR).await;
    for user in [never, ended, expired] {
        ends(kit, &owner(&user), None, 0).await?;
    }
    Ok(())
}

async fn before(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    of(kit, COOKIE, &user).await?;
    ends(kit, &owner(&user), None, 1).await?;
    let (old, new) = (kit.present().await?, key(COOKIE));
    for replaces in [None, Some((&old, Condition::Version(1))), Some((&old, Condition::Always))] {
        let login = Some(began(HOUR));
        let done = kit.begin(NewSession { replaces, login, ..NewSession::new(&new, kit.record_of(&user, 1), HOUR) });
        let done = done.await?;
        ensure!(done == Created::Revoked, "a login that began before all sessions were ended: {done:?}");
        kit.is_gone(&new, "its login was refused").await?;
        kit.holds(&old, "a", 1).await?;
        lists(kit, &owner(&user), &[]).await?;
    }
    Ok(())
}

async fn after(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    of(kit, COOKIE, &user).await?;
    ends(kit, &owner(&user), None, 1).await?;
    let new = key(COOKIE);
    let done = kit.log_in(&new, &user, Duration::ZERO).await?;
    ensure!(done == DONE, "a login that began after all sessions were ended: {done:?}");
    lists(kit, &owner(&user), &[new]).await
}

async fn unseen(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    ends(kit, &owner(&user), None, 0).await?;
    is_revoked(kit, &user, "when the user had no session").await
}

async fn others(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, other) = (user(), user());
    let mut kept = of(kit, COOKIE, &user).await?;
    ends(kit, &owner(&user), Some(&kept), 0).await?;
    let done = kit.log_in(&key(COOKIE), &other, HOUR).await?;
    ensure!(done == DONE, "a login of another user: {done:?}");
    let done = kit.log_in(&key("short"), &user, HOUR).await?;
    ensure!(done == DONE, "a login under another cookie: {done:?}");
    for _ in 0..2 {
        let new = key(COOKIE);
        let done = kit.replace((&kept, Condition::Version(1)), &new, kit.record_of(&user, 1), HOUR).await?;
        ensure!(done == DONE, "create without a login: {done:?}");
        kept = new;
    }
    let done = kit.create(NewSession::new(&key(COOKIE), kit.record("a", 1), HOUR)).await?;
    ensure!(done == DONE, "create for a visitor: {done:?}");
    lists(kit, &owner(&user), &[kept]).await
}

async fn ten_minutes(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, unseen) = (user(), user());
    of(kit, COOKIE, &user).await?;
    ends(kit, &owner(&user), None, 1).await?;
    ends(kit, &owner(&unseen), None, 0).await?;
    kit.advance(Duration::from_secs(600).saturating_sub(kit.slack() + Duration::from_secs(1))).await;
    for user in [user, unseen] {
        is_revoked(kit, &user, "ten minutes later").await?;
    }
    Ok(())
}

async fn as_long_as_listed(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let kept = kit.inserted(kit.record_of(&user, 1), 4 * HOUR).await?;
    ends(kit, &owner(&user), Some(&kept), 0).await?;
    for _ in 0..2 {
        kit.advance(HOUR).await;
        // This gives the store a chance to tidy up.
        kit.present().await?;
        let done = kit.log_in(&key(COOKIE), &user, 6 * HOUR).await?;
        ensure!(done == Created::Revoked, "a login that began before, while a session lives: {done:?}");
    }
    Ok(())
}

async fn by_login(kit: &Kit<'_>) -> Result<(), Miss> {
    for logs_in in [true, false] {
        let (user, other) = (user(), user());
        let (own, one, two) =
            (of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?);
        let spared = [of(kit, COOKIE, &other).await?, of(kit, "short", &user).await?];
        let new = key(COOKIE);
        let login = logs_in.then(|| began(Duration::ZERO));
        let replaces = Some((&own, Condition::Version(1)));
        let session = NewSession::new(&new, kit.record_of(&user, 1), HOUR);
        let done = kit.begin(NewSession { replaces, login, ends_others: true, ..session }).await?;
        ensure!(done == Created::Yes { ended: 2 }, "create that ends two other sessions: {done:?}");
        for key in [&own, &one, &two] {
            kit.is_gone(key, "another session has ended it").await?;
        }
        for key in &spared {
            kit.found(key).await?;
        }
        lists(kit, &owner(&user), std::slice::from_ref(&new)).await?;
        is_revoked(kit, &user, "after another login").await?;
        kit.holds_user(&new, &user).await?;
    }
    Ok(())
}

async fn by_conflict(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let (own, other) = (of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?);
    let (new, taken) = (key(COOKIE), kit.present().await?);
    for (key, version) in [(&new, 2), (&taken, 1)] {
        let replaces = Some((&own, Condition::Version(version)));
        let session = NewSession::new(key, kit.record_of(&user, 1), HOUR);
        let done = kit.begin(NewSession { replaces, ends_others: true, ..session }).await?;
        ensure!(
            !matches!(done, Created::Yes { .. }),
            "create that replaces another version, or under a key that has a record: {done:?}"
        );
        lists(kit, &owner(&user), &[own.clone(), other.clone()]).await?;
    }
    kit.is_gone(&new, "it should not have been stored").await
}

async fn while_saved(kit: &Kit<'_>) -> Result<(), Miss> {
    ended_while(kit, "others saved them", |store, key, user, now| async move {
        for _ in 0..3 {
            let Some(found) = store.get(&key).await? else { break };
            pause().await;
            let next = record_of(&user, found.version() + 1, now);
            let _ = store.set(&key, next, Expected::Version(found.version()), HOUR).await?;
        }
        Ok(())
    })
    .await
}

async fn while_renewed(kit: &Kit<'_>) -> Result<(), Miss> {
    let renewal = Lives { interval: Duration::ZERO, ..Lives::USUAL }.renewal(kit.now());
    ended_while(kit, "others renewed them", |store, key, _, _| async move {
        for hours in 1..3 {
            store.touch(&key, hours * HOUR).await?;
            pause().await;
            store.load(&key, &renewal).await?;
            pause().await;
        }
        Ok(())
    })
    .await
}

async fn while_replaced(kit: &Kit<'_>) -> Result<(), Miss> {
    ended_while(kit, "they got new ids", |store, mut present, user, now| async move {
        for _ in 0..4 {
            let new = key(COOKIE);
            let replaces = Some((&present, Condition::Version(1)));
            let session = NewSession::new(&new, record_of(&user, 1, now), HOUR);
            if store.create(NewSession { replaces, ..session }).await? != DONE {
                break;
            }
            present = new;
            pause().await;
        }
        Ok(())
    })
    .await
}

/// Ends all sessions of a user while others use them, at each of their steps.
async fn ended_while<F>(
    kit: &Kit<'_>,
    what: &str,
    work: impl Fn(Arc<dyn SessionStore>, StoreKey, String, u64) -> F,
) -> Result<(), Miss>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    ends(kit, &owner(&user()), None, 0).await?;
    for round in 0..ROUNDS {
        let (user, now) = (user(), kit.now());
        let keys = [of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?, of(kit, COOKIE, &user).await?];
        let done = kit.at_once(1 + keys.len(), |index, store| {
            let task: Work<()> = match index.checked_sub(1) {
                None => Box::pin(end_in_turn(store, owner(&user), round)),
                Some(index) => Box::pin(work(store, keys[index].clone(), user.clone(), now)),
            };
            task
        });
        done.await?;
        let left = kit.sessions_of(&owner(&user)).await?.len();
        ensure!(left == 0, "sessions_of listed {left} sessions, although all were ended while {what}");
        for key in &keys {
            kit.is_gone(key, &format!("all were ended while {what}")).await?;
        }
    }
    Ok(())
}

async fn while_begun(kit: &Kit<'_>) -> Result<(), Miss> {
    ends(kit, &owner(&user()), None, 0).await?;
    for round in 0..ROUNDS {
        let (user, now) = (user(), kit.now());
        let keys: Vec<_> = (0..TASKS).map(|_| key(COOKIE)).collect();
        let done = kit.at_once(TASKS, |index, store| {
            let task: Work<()> = if index == 0 {
                Box::pin(end_in_turn(store, owner(&user), round))
            } else {
                let (key, record) = (keys[index].clone(), record_of(&user, 1, now));
                Box::pin(async move {
                    for _ in 0..index % 4 {
                        pause().await;
                    }
                    let login = Some(began(HOUR));
                    store.create(NewSession { login, ..NewSession::new(&key, record, HOUR) }).await.map(|_| ())
                })
            };
            task
        });
        done.await?;
        for key in &keys {
            kit.is_gone(key, "all sessions were ended after its login had begun").await?;
        }
        lists(kit, &owner(&user), &[]).await?;
    }
    Ok(())
}

async fn end_in_turn(store: Arc<dyn SessionStore>, owner: Owner, round: usize) -> Result<(), StoreError> {
    for _ in 0..round % 4 {
        pause().await;
    }
    store.end_sessions(&owner, None).await.map(|_| ())
}

async fn ends(kit: &Kit<'_>, owner: &Owner, keep: Option<&StoreKey>, count: u64) -> Result<(), Miss> {
    let ended = kit.end_sessions(owner, keep).await?;
    ensure!(ended == Some(count), "end_sessions for {count} sessions: {ended:?}");
    Ok(())
}

async fn is_revoked(kit: &Kit<'_>, user: &str, when: &str) -> Result<(), Miss> {
    let new = key(COOKIE);
    let done = kit.log_in(&new, user, HOUR).await?;
    ensure!(done == Created::Revoked, "a login that began before all sessions were ended, {when}: {done:?}");
    kit.is_gone(&new, "its login was refused").await
}

/// Returns a login by a request that began this long ago.
fn began(since: Duration) -> Login {
    Login { since, limit: None, strict: false }
}

/// Returns a session of a user that lives for an hour.
async fn of(kit: &Kit<'_>, cookie: &str, user: &str) -> Result<StoreKey, Miss> {
    let key = key(cookie);
    kit.insert(&key, kit.record_of(user, 1), HOUR).await?;
    Ok(key)
}
