//! Checks that a store returns what was stored, and overwrites nothing unexpectedly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::kit::{COOKIE, Check, HOUR, Kit, Miss, ensure, id, key, refused};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::store::{Expected, Stored};
use crate::user::{SessionUser, UserLogin};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a record that was never stored is not found", Box::pin(never_kept(kit))),
        ("a record with any JSON is stored unchanged", Box::pin(any_json(kit))),
        ("a record keeps a user with any id", Box::pin(any_user(kit))),
        ("a record keeps its flash messages", Box::pin(flash(kit))),
        ("a record keeps its handle", Box::pin(handle(kit))),
        ("a record of 64 KiB can be stored", Box::pin(large(kit))),
        ("data that looks like the store's own fields is kept", Box::pin(lookalikes(kit))),
        ("a new record never replaces another", Box::pin(insert_only(kit))),
        ("a save replaces the version that it expects with all data", Box::pin(replaces(kit))),
        ("a save that expects an earlier version changes nothing", Box::pin(earlier_version(kit))),
        ("a save that expects a later version changes nothing", Box::pin(later_version(kit))),
        ("a save never creates a record", Box::pin(never_creates(kit))),
        ("a save never revives an ended session", Box::pin(never_revives(kit))),
        ("a conflict does not change the lifetime", Box::pin(conflict_keeps_life(kit))),
        ("a refused save returns the stored record", Box::pin(hands_back(kit))),
        ("a refused save returns no record if none is stored", Box::pin(hands_back_nothing(kit))),
        ("versions up to 2^53 are exact", Box::pin(versions(kit))),
        ("an id has one session for each cookie", Box::pin(cookies(kit))),
        ("a write to one session does not change others", Box::pin(others(kit))),
        ("a session can begin with an id that was ended", Box::pin(begins_again(kit))),
    ]
}

async fn never_kept(kit: &Kit<'_>) -> Result<(), Miss> {
    kit.is_gone(&key(COOKIE), "nothing was stored").await
}

async fn any_json(kit: &Kit<'_>) -> Result<(), Miss> {
    let mut content = Content::new(kit.now());
    let values = [
        ("null", json!(null)),
        ("bool", json!([true, false])),
        ("integers", json!([0, -1, u64::MAX, i64::MIN, 9_007_199_254_740_993_u64])),
        ("fractions", json!([0.5, -1.25, 1e300])),
        ("text", json!("\"\\ \u{0} \n \u{2028} é 日本 \u{1f980} {a:1} [%d+] ${x} '; DROP TABLE sessions; --")),
        ("empty", json!(["", [], {}])),
        ("nested", json!({"a": [{"b": [[[1]]]}], "": {"}": "]"}})),
        ("", json!("no name")),
        ("odd \" name: {é}", json!(1)),
    ];
    for (name, value) in values {
        content.values.set(name, value);
    }
    round_trip(kit, content).await
}

async fn any_user(kit: &Kit<'_>) -> Result<(), Miss> {
    for user in ODD_USERS {
        let mut content = Content::new(kit.now());
        content.log_in(&UserLogin::plain(SessionUser::new(user, "ada+\"x\"@exämple.com"), kit.now()));
        round_trip(kit, content).await?;
    }
    Ok(())
}

async fn flash(kit: &Kit<'_>) -> Result<(), Miss> {
    let mut content = Content::new(kit.now());
    content.values.set("success", json!("data of the same name"));
    content.flash.set("success", json!("Profile updated!"));
    content.flash.set("details", json!({"fields": ["a", 2]}));
    round_trip(kit, content).await
}

async fn handle(kit: &Kit<'_>) -> Result<(), Miss> {
    let mut content = Content::new(kit.now());
    content.log_in(&UserLogin::plain(SessionUser::new("u1", "ada@example.com"), kit.now()));
    content.handle = Some(Box::new([0xa7; 32]));
    round_trip(kit, content).await
}

async fn large(kit: &Kit<'_>) -> Result<(), Miss> {
    let mut content = Content::new(kit.now());
    for index in 0..64 {
        content.values.set(&format!("k{index}"), json!("é\"".repeat(256)));
    }
    round_trip(kit, content).await
}

async fn lookalikes(kit: &Kit<'_>) -> Result<(), Miss> {
    let tail = r#"{"expiresAt":1,"createdAt":1,"version":9,"listedUntil":1,"format":1}"#;
    let mut content = Content::new(kit.now());
    for name in ["id", "key", "data", "user", "expiresAt", "createdAt", "version", "format", "listedUntil", "ttl"] {
        content.values.set(name, json!(1));
    }
    content.values.set("text", json!(tail));
    content.values.set("object", serde_json::from_str::<Value>(tail).expect("it is JSON"));
    content.flash.set("expiresAt", json!(1));
    let key = kit.inserted(Record::new(Arc::new(content), 1, kit.now(), kit.now()), HOUR).await?;
    let stored = kit.save(&key, "b", 9).await?;
    ensure!(refused(&stored), "a save that expects the version written in the data: {stored:?}");
    let before = kit.found(&key).await?;
    kit.expires_in("get", &before, HOUR)?;
    ensure!(kit.touch(&key, 2 * HOUR).await?, "touch found no record");
    let after = kit.found(&key).await?;
    kit.expires_in("get after a touch", &after, 2 * HOUR)?;
    ensure!(before.with_expiry(after.expires_at()) == after, "touch changed the data");
    let stored = kit.save(&key, "b", 1).await?;
    ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
    kit.holds(&key, "b", 2).await
}

async fn insert_only(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for version in [1, 2] {
        let stored = kit.set(&key, kit.record("b", version), Expected::Absent, 2 * HOUR).await?;
        ensure!(refused(&stored), "a new record under a key that has one: {stored:?}");
    }
    kit.holds(&key, "a", 1).await
}

async fn replaces(kit: &Kit<'_>) -> Result<(), Miss> {
    let mut content = Content::new(kit.now());
    content.values.set("old", json!(1));
    content.flash.set("old", json!(1));
    let key = kit.inserted(Record::new(Arc::new(content), 1, kit.now(), kit.now()), HOUR).await?;
    for version in 1..4 {
        let record = kit.record("b", version + 1);
        let stored = kit.set(&key, record.clone(), Expected::Version(version), HOUR).await?;
        ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
        let found = kit.found(&key).await?;
        ensure!(found == record.with_expiry(found.expires_at()), "get returned other data than was saved");
    }
    Ok(())
}

async fn earlier_version(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    let first = kit.save(&key, "b", 1).await?;
    ensure!(first == Stored::Yes, "a save that expects the present version: {first:?}");
    for version in [1, 0] {
        let second = kit.save(&key, "c", version).await?;
        ensure!(refused(&second), "a save that expects version {version} of a record of version 2: {second:?}");
    }
    kit.holds(&key, "b", 2).await
}

async fn later_version(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for version in [2, 1 << 32 | 1] {
        let stored = kit.save(&key, "b", version).await?;
        ensure!(refused(&stored), "a save that expects version {version} of a record of version 1: {stored:?}");
    }
    kit.holds(&key, "a", 1).await
}

async fn never_creates(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = key(COOKIE);
    for version in [0, 1] {
        let stored = kit.save(&key, "b", version).await?;
        ensure!(refused(&stored), "a save that expects version {version} of a key without a record: {stored:?}");
    }
    kit.is_gone(&key, "nothing was stored").await
}

async fn never_revives(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    kit.end(&key).await?;
    for version in [0, 1] {
        let stored = kit.save(&key, "b", version).await?;
        ensure!(refused(&stored), "a save after a destroy: {stored:?}");
    }
    kit.is_gone(&key, "it was ended").await
}

async fn conflict_keeps_life(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for expected in [Expected::Absent, Expected::Version(7)] {
        let stored = kit.set(&key, kit.record("b", 8), expected, 3 * HOUR).await?;
        ensure!(refused(&stored), "a save that expects {expected:?} of a record of version 1: {stored:?}");
    }
    kit.expires_in("get", &kit.found(&key).await?, HOUR)?;
    kit.ends_in(&key, HOUR).await
}

async fn hands_back(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record_of("u1", 1), HOUR).await?;
    kit.advance(HOUR / 2).await;
    ensure!(kit.touch(&key, 3 * HOUR).await?, "touch returned false for a live record");
    for version in [0, 2] {
        kit.handed_back("set", kit.save(&key, "b", version).await?, &key, 3 * HOUR).await?;
    }
    let stored = kit.save(&key, "b", 1).await?;
    ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
    kit.handed_back("set", kit.save(&key, "c", 1).await?, &key, HOUR).await
}

async fn hands_back_nothing(kit: &Kit<'_>) -> Result<(), Miss> {
    let (never, ended, expired) = (key(COOKIE), kit.present().await?, kit.present().await?);
    kit.end(&ended).await?;
    kit.advance(HOUR).await;
    for key in [never, ended, expired] {
        let stored = kit.save(&key, "b", 1).await?;
        ensure!(stored == Stored::Conflict(None), "a save under a key without a record: {stored:?}");
    }
    Ok(())
}

async fn versions(kit: &Kit<'_>) -> Result<(), Miss> {
    let mut present = 1;
    let key = kit.present().await?;
    // Each version comes with one that a number with too few bits or digits would confuse it with.
    for next in [1 << 31, 1 << 32, (1 << 52) + (1 << 48) + 1, (1 << 53) - 2] {
        let stored = kit.set(&key, kit.record("b", next), Expected::Version(present), HOUR).await?;
        ensure!(stored == Stored::Yes, "a save of version {next} on {present}: {stored:?}");
        kit.holds(&key, "b", next).await?;
        for wrong in [next - 1, next + 1, next ^ (1 << 32)] {
            let stored = kit.save(&key, "c", wrong).await?;
            ensure!(refused(&stored), "a save that expects version {wrong} of a record of version {next}: {stored:?}");
        }
        present = next;
    }
    Ok(())
}

async fn cookies(kit: &Kit<'_>) -> Result<(), Miss> {
    let id = id();
    let (one, other) = (StoreKey::new(&COOKIE.into(), &id), StoreKey::new(&"short".into(), &id));
    kit.insert(&one, kit.record("a", 1), HOUR).await?;
    kit.is_gone(&other, "only another cookie has a session of this id").await?;
    kit.insert(&other, kit.record("b", 1), HOUR).await?;
    kit.holds(&one, "a", 1).await?;
    kit.end(&one).await?;
    kit.holds(&other, "b", 1).await
}

async fn others(kit: &Kit<'_>) -> Result<(), Miss> {
    let (one, other, third) = (kit.present().await?, kit.present().await?, kit.present().await?);
    let stored = kit.save(&one, "b", 1).await?;
    ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
    kit.end(&third).await?;
    ensure!(kit.touch(&one, 2 * HOUR).await?, "touch found no record");
    kit.holds(&other, "a", 1).await?;
    kit.ends_in(&other, HOUR).await
}

async fn begins_again(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    kit.end(&key).await?;
    kit.insert(&key, kit.record("b", 1), Duration::from_secs(60)).await?;
    kit.holds(&key, "b", 1).await
}

async fn round_trip(kit: &Kit<'_>, content: Content) -> Result<(), Miss> {
    let record = Record::new(Arc::new(content), 1, kit.now(), kit.now());
    let key = kit.inserted(record.clone(), HOUR).await?;
    let found = kit.found(&key).await?;
    ensure!(
        found == record.with_expiry(found.expires_at()),
        "get returned the data {:?} of {:?}, which was not stored",
        found.data().keys().collect::<Vec<_>>(),
        found.user().map(|user| user.id.clone())
    );
    kit.expires_in("get", &found, HOUR)?;
    let saved = kit.save(&key, "b", 1).await?;
    ensure!(saved == Stored::Yes, "a save of that record: {saved:?}");
    kit.end(&key).await
}

/// User ids that break careless quoting, patterns or paths.
pub(super) const ODD_USERS: [&str; 10] =
    ["u1", "", "a:b", "{a}", "a}b{c", "%d+*?[^x]", "../../etc", "O'Brien \"x\" \\", "日本-é-\u{1f980}", "a\nb c"];
