//! Checks what must hold while others act: each task reads, lets the others run, and continues with
//! what it has read.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::kit::{COOKIE, Check, HOUR, Kit, Lives, Miss, ROUNDS, TASKS, Work, ensure, key, record, record_of};
use super::list::{lists, owner, user};
use super::threads::pause;
use crate::key::StoreKey;
use crate::store::{Condition, Destroyed, Expected, NewSession, SessionStore, StoreError, Stored};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a session that ends during saves stays ended", Box::pin(ended_while_saved(kit))),
        ("a session that ends during touches stays ended", Box::pin(ended_while_touched(kit))),
        ("a session that ends during loads stays ended", Box::pin(ended_while_loaded(kit))),
        ("a touch never undoes a save", Box::pin(touch_undoes_nothing(kit))),
        ("a load never undoes a save", Box::pin(load_undoes_nothing(kit))),
        ("concurrently begun sessions of a user are all listed", Box::pin(listed_at_once(kit))),
        ("a session is on every list read while others begin and end", Box::pin(listed_throughout(kit))),
        ("a session is on every list read while it gets new ids", Box::pin(listed_while_rotated(kit))),
    ]
}

async fn ended_while_saved(kit: &Kit<'_>) -> Result<(), Miss> {
    let now = kit.now();
    ended_while(kit, "others saved it", |store, key| async move {
        for _ in 0..3 {
            let Some(found) = store.get(&key).await? else { break };
            pause().await;
            let next = record("late", found.version() + 1, now);
            let _ = store.set(&key, next, Expected::Version(found.version()), HOUR).await?;
        }
        Ok(())
    })
    .await
}

async fn ended_while_touched(kit: &Kit<'_>) -> Result<(), Miss> {
    ended_while(kit, "others touched it", |store, key| async move {
        for hours in 1..4 {
            store.touch(&key, hours * HOUR).await?;
            pause().await;
        }
        Ok(())
    })
    .await
}

async fn ended_while_loaded(kit: &Kit<'_>) -> Result<(), Miss> {
    let renewal = Lives { interval: Duration::ZERO, ..Lives::USUAL }.renewal(kit.now());
    ended_while(kit, "others loaded it", |store, key| async move {
        for _ in 0..3 {
            store.load(&key, &renewal).await?;
            pause().await;
        }
        Ok(())
    })
    .await
}

/// Ends a session while others use it, at each of their steps.
async fn ended_while<F>(
    kit: &Kit<'_>,
    what: &str,
    work: impl Fn(Arc<dyn SessionStore>, StoreKey) -> F,
) -> Result<(), Miss>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    for round in 0..ROUNDS {
        let key = kit.present().await?;
        let done = kit.at_once(4, |index, store| {
            let key = key.clone();
            let task: Work<bool> = if index == 1 {
                Box::pin(async move {
                    for _ in 0..round % 4 {
                        pause().await;
                    }
                    Ok(store.destroy(&key, Condition::Always).await? == Destroyed::Yes)
                })
            } else {
                let work = work(store, key);
                Box::pin(async move { work.await.map(|()| true) })
            };
            task
        });
        ensure!(done.await?.into_iter().all(|done| done), "destroy of a live record found no record");
        kit.is_gone(&key, &format!("it was ended while {what}")).await?;
    }
    Ok(())
}

async fn touch_undoes_nothing(kit: &Kit<'_>) -> Result<(), Miss> {
    saved_while(kit, |store, key| async move {
        for hours in 1..6 {
            store.touch(&key, hours * HOUR).await?;
            pause().await;
        }
        Ok(())
    })
    .await
}

async fn load_undoes_nothing(kit: &Kit<'_>) -> Result<(), Miss> {
    let renewal = Lives { interval: Duration::ZERO, ..Lives::USUAL }.renewal(kit.now());
    saved_while(kit, |store, key| async move {
        for _ in 0..5 {
            store.load(&key, &renewal).await?;
            pause().await;
        }
        Ok(())
    })
    .await
}

/// Saves a session while others use it. Nobody else saves it, so each save must succeed.
async fn saved_while<F>(kit: &Kit<'_>, work: impl Fn(Arc<dyn SessionStore>, StoreKey) -> F) -> Result<(), Miss>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    for _ in 0..ROUNDS {
        let (key, now) = (kit.present().await?, kit.now());
        let done = kit.at_once(4, |index, store| {
            let task: Work<u64> = if index == 1 {
                let key = key.clone();
                Box::pin(async move {
                    let mut version = 1;
                    while version < SAVES {
                        let next = record(&(version + 1).to_string(), version + 1, now);
                        if store.set(&key, next, Expected::Version(version), HOUR).await? != Stored::Yes {
                            break;
                        }
                        version += 1;
                        pause().await;
                    }
                    Ok(version)
                })
            } else {
                let work = work(store, key.clone());
                Box::pin(async move { work.await.map(|()| SAVES) })
            };
            task
        });
        let reached = done.await?.into_iter().min().unwrap_or(0);
        ensure!(reached == SAVES, "a save that expects version {reached}, which was saved before, met a conflict");
        kit.holds(&key, &SAVES.to_string(), SAVES).await?;
    }
    Ok(())
}

async fn listed_at_once(kit: &Kit<'_>) -> Result<(), Miss> {
    for _ in 0..ROUNDS / 4 {
        let (user, now) = (user(), kit.now());
        let keys = kit.at_once(TASKS, |_, store| {
            let record = record_of(&user, 1, now);
            async move {
                let (gone, stays) = (key(COOKIE), key(COOKIE));
                for key in [&gone, &stays] {
                    let _ = store.set(key, record.clone(), Expected::Absent, HOUR).await?;
                    pause().await;
                }
                let _ = store.destroy(&gone, Condition::Always).await?;
                Ok(stays)
            }
        });
        lists(kit, &owner(&user), &keys.await?).await?;
    }
    Ok(())
}

async fn listed_throughout(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, now) = (user(), kit.now());
    // The store may also say that it lists no sessions.
    lists(kit, &owner(&user), &[]).await?;
    for _ in 0..ROUNDS / 4 {
        let present = kit.inserted(kit.record_of(&user, 1), HOUR).await?;
        let seen = kit.at_once(TASKS, |index, store| {
            let (user, present) = (user.clone(), present.clone());
            async move {
                for _ in 0..4 {
                    if index % 2 == 0 {
                        let listed = store.sessions_of(&owner(&user)).await?;
                        if !listed.iter().any(|(key, _)| *key == present) {
                            return Ok(false);
                        }
                    } else {
                        let other = key(COOKIE);
                        let _ = store.set(&other, record_of(&user, 1, now), Expected::Absent, HOUR).await?;
                        pause().await;
                        let _ = store.destroy(&other, Condition::Always).await?;
                    }
                    pause().await;
                }
                Ok(true)
            }
        });
        ensure!(seen.await?.into_iter().all(|seen| seen), "sessions_of lacks a session that existed all the time");
        kit.end(&present).await?;
    }
    Ok(())
}

async fn listed_while_rotated(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, now) = (user(), kit.now());
    lists(kit, &owner(&user), &[]).await?;
    let first = kit.inserted(kit.record_of(&user, 1), HOUR).await?;
    let seen = kit.at_once(2, |index, store| {
        let (user, mut present) = (user.clone(), first.clone());
        async move {
            for _ in 0..10 * ROUNDS {
                if index == 0 {
                    // A request does the same: it loads the session first.
                    let Some(found) = store.get(&present).await? else { return Ok(false) };
                    let new = key(COOKIE);
                    let replaces = Some((&present, Condition::Version(found.version())));
                    let new_session = NewSession::new(&new, record_of(&user, 1, now), HOUR);
                    let _ = store.create(NewSession { replaces, ..new_session }).await?;
                    present = new;
                } else if store.sessions_of(&owner(&user)).await?.is_empty() {
                    return Ok(false);
                }
                pause().await;
            }
            Ok(true)
        }
    });
    ensure!(seen.await?.into_iter().all(|seen| seen), "sessions_of lacks a session that got a new id meanwhile");
    Ok(())
}

const SAVES: u64 = 6;
