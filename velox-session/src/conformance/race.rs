//! Checks what must hold if several tasks do the same concurrently: one of them succeeds, and the
//! others learn that they did not.

use std::sync::Arc;

use serde_json::json;

use super::kit::{COOKIE, Check, HOUR, Kit, Miss, ROUNDS, TASKS, ensure, key, record};
use super::threads::pause;
use crate::record::{Content, Record};
use crate::store::{Condition, Destroyed, Expected, Stored};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("no concurrent save is lost", Box::pin(counted(kit))),
        ("only one of several concurrent saves of a version succeeds", Box::pin(one_save(kit))),
        ("only one of several sessions with one id begins", Box::pin(one_beginning(kit))),
        ("concurrent ends of a session end it once", Box::pin(one_end(kit))),
        ("for one version, a session is either saved or ended", Box::pin(saved_or_ended(kit))),
    ]
}

async fn counted(kit: &Kit<'_>) -> Result<(), Miss> {
    let now = kit.now();
    let key = kit.inserted(counter(0, 1, now), HOUR).await?;
    let kept = kit.at_once(TASKS, |_, store| {
        let key = key.clone();
        async move {
            let mut kept = 0;
            // In each round one save succeeds, so as many attempts as saves are enough.
            for _ in 0..TASKS * COUNTS {
                let Some(found) = store.get(&key).await? else { break };
                pause().await;
                let count = found.data().get("count").and_then(|count| count.as_u64()).unwrap_or(0);
                let next = counter(count + 1, found.version() + 1, now);
                let stored = store.set(&key, next, Expected::Version(found.version()), HOUR).await?;
                kept += usize::from(stored == Stored::Yes);
                if kept == COUNTS {
                    break;
                }
            }
            Ok(kept)
        }
    });
    let kept: usize = kept.await?.into_iter().sum();
    let found = kit.found(&key).await?;
    let count = found.data().get("count").and_then(|count| count.as_u64()).unwrap_or(0);
    ensure!(count == kept as u64, "{kept} saves were confirmed, but {count} were stored");
    ensure!(kept == TASKS * COUNTS, "{} saves met a conflict in every attempt", TASKS * COUNTS - kept);
    Ok(())
}

async fn one_save(kit: &Kit<'_>) -> Result<(), Miss> {
    for _ in 0..ROUNDS {
        let (key, now) = (kit.present().await?, kit.now());
        let stored = kit.at_once(TASKS, |index, store| {
            let key = key.clone();
            async move { store.set(&key, record(&index.to_string(), 2, now), Expected::Version(1), HOUR).await }
        });
        let winner = only(stored.await?, Stored::Yes, "saves on one version succeeded")?;
        kit.holds(&key, &winner.to_string(), 2).await?;
    }
    Ok(())
}

async fn one_beginning(kit: &Kit<'_>) -> Result<(), Miss> {
    for _ in 0..ROUNDS {
        let (key, now) = (key(COOKIE), kit.now());
        let stored = kit.at_once(TASKS, |index, store| {
            let key = key.clone();
            async move { store.set(&key, record(&index.to_string(), 1, now), Expected::Absent, HOUR).await }
        });
        let winner = only(stored.await?, Stored::Yes, "new records under one key succeeded")?;
        kit.holds(&key, &winner.to_string(), 1).await?;
    }
    Ok(())
}

async fn one_end(kit: &Kit<'_>) -> Result<(), Miss> {
    for _ in 0..ROUNDS {
        let key = kit.present().await?;
        let destroyed = kit.at_once(TASKS, |index, store| {
            let key = key.clone();
            let condition = if index % 2 == 0 { Condition::Always } else { Condition::Version(1) };
            async move { store.destroy(&key, condition).await }
        });
        only(destroyed.await?, Destroyed::Yes, "destroys of one record report success")?;
        kit.is_gone(&key, "it was ended").await?;
    }
    Ok(())
}

async fn saved_or_ended(kit: &Kit<'_>) -> Result<(), Miss> {
    for _ in 0..ROUNDS {
        let (key, now) = (kit.present().await?, kit.now());
        let done = kit.at_once(2, |index, store| {
            let key = key.clone();
            async move {
                if index == 0 {
                    Ok(store.set(&key, record("b", 2, now), Expected::Version(1), HOUR).await? == Stored::Yes)
                } else {
                    Ok(store.destroy(&key, Condition::Version(1)).await? == Destroyed::Yes)
                }
            }
        });
        let done = done.await?;
        only(done.clone(), true, "of a save and a destroy on one version succeeded")?;
        if done[0] {
            kit.holds(&key, "b", 2).await?;
        } else {
            kit.is_gone(&key, "it was ended").await?;
        }
    }
    Ok(())
}

fn counter(count: u64, version: u64, now: u64) -> Record {
    let mut content = Content::new(now);
    content.values.set("count", json!(count));
    Record::new(Arc::new(content), version, now, now)
}

/// Returns the index of the only element that equals this.
pub(super) fn only<T: PartialEq>(all: Vec<T>, wanted: T, what: &str) -> Result<usize, Miss> {
    let found: Vec<_> = all.iter().enumerate().filter(|(_, one)| **one == wanted).map(|(index, _)| index).collect();
    match found[..] {
        [index] => Ok(index),
        _ => Err(Miss::Broken(format!("{} of {} {what}", found.len(), all.len()))),
    }
}

const COUNTS: usize = 5;
