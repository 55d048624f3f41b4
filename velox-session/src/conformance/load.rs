//! Checks what every request starts with: `load` returns the record and renews its lifetime if that
//! is due.

use std::time::Duration;

use super::kit::{COOKIE, Check, HOUR, Kit, Lives, MOMENT, Miss, ensure, key};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a load finds what a get finds", Box::pin(as_get(kit))),
        ("a load never creates a record", Box::pin(never_creates(kit))),
        ("a load renews a lifetime once an interval", Box::pin(once_an_interval(kit))),
        ("a load without an interval always renews the lifetime", Box::pin(each_time(kit))),
        ("a load changes neither data nor version", Box::pin(changes_nothing(kit))),
        ("a session stays alive while it is read", Box::pin(reader(kit))),
        ("a load never exceeds the absolute timeout", Box::pin(absolute(kit))),
        ("a load does not renew a session at its absolute timeout", Box::pin(absolute_end(kit))),
        ("a load gives no longer lifetime than a new session has", Box::pin(longer_life(kit))),
        ("a load renews a record with its own lifetime, if it has one", Box::pin(own_life(kit))),
        ("checking many sessions reports each one and renews none", Box::pin(look_at_many(kit))),
    ]
}

async fn as_get(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record_of("u1", 4), HOUR).await?;
    let (got, loaded) = (kit.found(&key).await?, kit.loaded(&key, Lives::USUAL).await?);
    ensure!(!loaded.renewed, "load renewed a record that was stored just now");
    kit.expires_in("load", &loaded.record, HOUR)?;
    ensure!(got == loaded.record.with_expiry(got.expires_at()), "load and get returned different records");
    Ok(())
}

async fn look_at_many(kit: &Kit<'_>) -> Result<(), Miss> {
    let ended = kit.present().await?;
    kit.end(&ended).await?;
    let over = kit.inserted(kit.record("a", 1), MOMENT).await?;
    kit.advance(MOMENT * 2 + kit.slack()).await;
    // This is more than one script or statement handles.
    let mut keys = vec![ended, key(COOKIE), over];
    for _ in 0..600 {
        keys.push(kit.present().await?);
    }
    kit.advance(Lives::USUAL.interval).await;
    let expected: Vec<_> = (0..keys.len()).map(|index| index > 2).collect();
    ensure!(kit.are_live(&keys).await? == expected, "are_live and get disagree");
    ensure!(kit.are_live(&[]).await?.is_empty(), "are_live returned an answer for no keys");
    kit.expires_in("get after a look", &kit.found(&keys[3]).await?, HOUR - Lives::USUAL.interval)
}

async fn never_creates(kit: &Kit<'_>) -> Result<(), Miss> {
    let (never, ended) = (key(COOKIE), kit.present().await?);
    kit.end(&ended).await?;
    for key in [never, ended] {
        ensure!(kit.load(&key, ALWAYS).await?.is_none(), "load returned a record for a key without one");
        kit.is_gone(&key, "only a load was made").await?;
    }
    Ok(())
}

async fn once_an_interval(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for _ in 0..3 {
        let early = Lives::USUAL.interval.saturating_sub(kit.slack() + MOMENT);
        kit.advance(early).await;
        let found = kit.loaded(&key, Lives::USUAL).await?;
        ensure!(!found.renewed, "load renewed the record before the interval was over");
        kit.expires_in("load", &found.record, HOUR - early)?;
        kit.expires_in("get after a load", &kit.found(&key).await?, HOUR - early)?;
        kit.advance(Lives::USUAL.interval - early).await;
        let found = kit.loaded(&key, Lives::USUAL).await?;
        ensure!(found.renewed, "load did not renew the record after the interval was over");
        kit.expires_in("load", &found.record, HOUR)?;
        kit.expires_in("get after a load", &kit.found(&key).await?, HOUR)?;
    }
    kit.ends_in(&key, HOUR).await
}

async fn each_time(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for by in [Duration::ZERO, MOMENT, HOUR / 2] {
        kit.advance(by).await;
        let found = kit.loaded(&key, ALWAYS).await?;
        ensure!(found.renewed, "load did not renew the record {by:?} after the last load");
        kit.expires_in("get after a load", &kit.found(&key).await?, HOUR)?;
    }
    Ok(())
}

async fn changes_nothing(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record_of("u1", 3), HOUR).await?;
    let before = kit.found(&key).await?;
    kit.advance(HOUR / 2).await;
    let loaded = kit.loaded(&key, Lives::USUAL).await?;
    ensure!(loaded.renewed, "load did not renew the record after the interval was over");
    let after = kit.found(&key).await?;
    for record in [loaded.record, after] {
        ensure!(
            record == before.clone().with_expiry(record.expires_at()),
            "load changed the data when it renewed the record"
        );
    }
    Ok(())
}

async fn reader(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for _ in 0..12 {
        kit.advance(HOUR / 2).await;
        kit.loaded(&key, Lives::USUAL).await?;
    }
    kit.ends_in(&key, HOUR).await
}

async fn absolute(kit: &Kit<'_>) -> Result<(), Miss> {
    let lives = Lives { absolute: Some(HOUR * 3 / 2), ..ALWAYS };
    let key = kit.present().await?;
    kit.advance(HOUR * 3 / 4).await;
    let found = kit.loaded(&key, lives).await?;
    ensure!(found.renewed, "load did not renew a record that may live on");
    kit.expires_in("load", &found.record, HOUR * 3 / 4)?;
    kit.advance(HOUR / 2).await;
    kit.expires_in("load", &kit.loaded(&key, lives).await?.record, HOUR / 4)?;
    kit.ends_in(&key, HOUR / 4).await
}

async fn absolute_end(kit: &Kit<'_>) -> Result<(), Miss> {
    let lives = Lives { absolute: Some(HOUR), ..ALWAYS };
    // The record was stored by a server that allows longer lifetimes.
    let key = kit.inserted(kit.record("a", 1), 3 * HOUR).await?;
    for passed in 1..3 {
        kit.advance(HOUR).await;
        let found = kit.loaded(&key, lives).await?;
        ensure!(!found.renewed, "load renewed a record {passed} h after its creation, although 1 h is the maximum");
        kit.expires_in("load", &found.record, (3 - passed) * HOUR)?;
    }
    kit.ends_in(&key, HOUR).await
}

async fn own_life(kit: &Kit<'_>) -> Result<(), Miss> {
    for own in [HOUR / 4, 3 * HOUR] {
        let key = kit.inserted(kit.remembered("u1", own), own).await?;
        for _ in 0..3 {
            kit.advance(own / 2).await;
            let found = kit.loaded(&key, Lives::USUAL).await?;
            ensure!(found.renewed, "load did not renew a record with its own lifetime after half of it");
            kit.expires_in("load of a record with its own lifetime", &found.record, own)?;
        }
        kit.ends_in(&key, own).await?;
    }
    Ok(())
}

async fn longer_life(kit: &Kit<'_>) -> Result<(), Miss> {
    // The record was stored when more was allowed, or by a host whose clock is ahead.
    let key = kit.inserted(kit.record("a", 1), 10 * HOUR).await?;
    let found = kit.loaded(&key, Lives::USUAL).await?;
    ensure!(!found.renewed, "load renewed a record that already has the longest lifetime");
    let found = kit.loaded(&key, ALWAYS).await?;
    ensure!(found.renewed, "load did not renew the record, although every load should");
    kit.expires_in("load", &found.record, HOUR)?;
    kit.ends_in(&key, HOUR).await
}

/// One hour, renewed with every load.
const ALWAYS: Lives = Lives { interval: Duration::ZERO, ..Lives::USUAL };
