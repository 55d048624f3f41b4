use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::threads::pause;
use super::*;
use crate::clock::{Clock, ManualClock};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::store::{
    Condition, Destroyed, Expected, Found, MemoryStore, Owner, Renewal, Rotated, SessionStore, StoreError, Stored,
    async_trait,
};

fn memory() -> (MemoryStore, ManualClock) {
    let clock = ManualClock::at(1_700_000_000_000);
    (MemoryStore::new().with_clock(clock.clone()), clock)
}

/// Row S14.
#[tokio::test]
async fn the_memory_store_keeps_every_promise() {
    for in_threads in [false, true] {
        let (store, clock) = memory();
        let harness = ManualHarness::new(store, clock);
        let harness = if in_threads { harness.in_threads() } else { harness };
        let report = check(&harness).await;
        report.assert();
        assert!(report.kept().count() >= 40 && report.not_offered().count() == 0, "{report}");
    }
}

#[tokio::test]
async fn each_promise_has_a_name_of_its_own() {
    let (store, clock) = memory();
    let report = check(&ManualHarness::new(store, clock)).await;
    let different: std::collections::BTreeSet<_> = report.kept().collect();
    assert_eq!(different.len(), report.kept().count());
}

#[tokio::test]
async fn what_is_not_offered_is_not_broken() {
    let report = report_of(Fault::ListsNothing).await;
    report.assert();
    assert!(report.not_offered().count() > 10 && report.not_offered().all(|promise| promise.contains("list")));
    assert!(report.to_string().contains("\n  not offered: a session that was ended is not listed (F9)"), "{report}");
}

#[tokio::test]
async fn a_store_that_panics_breaks_a_promise() {
    let report = report_of(Fault::Panics).await;
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.contains(&("a session that was ended is not listed (F9)", "the store panicked")), "{report}");
}

#[tokio::test]
#[should_panic(
    expected = "broken: a session of another version than named goes on as it was\n    destroy of version 0"
)]
async fn assert_says_what_is_broken() {
    report_of(Fault::EndsAnyVersion).await.assert();
}

/// A check that finds nothing would be as good as none.
#[tokio::test]
async fn each_fault_is_found() {
    let faults = [
        (Fault::LosesFlash, "a record keeps its flash messages"),
        (Fault::CountsTo32Bits, "versions are kept exactly, up to 2^53"),
        (Fault::TornSave, "of saves at once none is lost (C5)"),
        (Fault::TornSave, "a session that is ended while others save it stays ended (C1)"),
        (Fault::TornTouch, "a touch never undoes a save (C7)"),
        (Fault::TornTouch, "a session that is ended while others touch it stays ended (C3)"),
        (Fault::TouchCreates, "a touch never creates a record (C3)"),
        (Fault::TouchOnlyLengthens, "a touch may shorten a life"),
        (Fault::WholeMinutes, "a life is kept to the millisecond"),
        (Fault::EndsAnyVersion, "a session of another version than named goes on as it was"),
        (Fault::EndsAnyVersion, "a session is saved or ended by its version, never both (C4)"),
        (Fault::EndsAnyVersion, "a session of another version than named gets no new id, and goes on as it was (C5)"),
        (Fault::TornRotation, "a session is saved or gets a new id by its version, never both (C5)"),
        (
            Fault::RotationKeepsTheOld,
            "a session under a new id is there as it was kept, and the old one is gone (C4, F3)",
        ),
        (Fault::RotationKeepsTheNew, "a session that is gone gets no new id, if a version is named (C2)"),
        (Fault::RotationKeepsTheNew, "of many that give a session a new id at once one does (C11)"),
        (Fault::RotationReplaces, "a session under a new id never replaces one (B3)"),
        (
            Fault::RotationNeedsTheOld,
            "whatever the old session holds, if no version is named, a new one takes its place (F4)",
        ),
        (Fault::RenewsAlways, "a load renews a life once an interval (E2)"),
        (Fault::RenewsNever, "a session lives as long as it is read (E2)"),
        (Fault::RenewsForEver, "a load never makes a life longer than the absolute time-out (E3)"),
        (Fault::ListsEnded, "a session that was ended is not listed (F9)"),
        (Fault::ListsEnded, "a session that has expired is not listed (F9)"),
        (Fault::ListsEnded, "a session that takes the place of another is listed, and the other is not (C4)"),
        (Fault::ListsByPrefix, "a list names no session of another user, whatever their ids (F8)"),
        (Fault::ListsAllCookies, "a list names no session under another cookie (F8)"),
        (Fault::ListsAFew, "a hundred sessions of a user are listed, each once"),
        (Fault::ListsForAnHour, "a session stays on the list while reads renew its life (F8)"),
        (Fault::ListsForAnHour, "a session stays on the list while touches renew its life (F8)"),
    ];
    for (fault, promise) in faults {
        let report = report_of(fault).await;
        assert!(
            report.broken().any(|(broken, _)| broken == promise),
            "{fault:?} is not found by {promise:?}: {report}"
        );
    }
}

async fn report_of(fault: Fault) -> Report {
    let (inner, clock) = memory();
    check(&ManualHarness::new(Faulty { inner, clock: clock.clone(), fault, ever: Mutex::default() }, clock)).await
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    ListsNothing,
    Panics,
    LosesFlash,
    CountsTo32Bits,
    TornSave,
    TornTouch,
    TouchCreates,
    TouchOnlyLengthens,
    WholeMinutes,
    EndsAnyVersion,
    TornRotation,
    RotationKeepsTheOld,
    RotationKeepsTheNew,
    RotationReplaces,
    RotationNeedsTheOld,
    RenewsAlways,
    RenewsNever,
    RenewsForEver,
    ListsEnded,
    ListsByPrefix,
    ListsAllCookies,
    ListsAFew,
    ListsForAnHour,
}

/// A store with one fault.
struct Faulty {
    inner: MemoryStore,
    clock: ManualClock,
    fault: Fault,
    /// All records that were ever kept, and until when a list that is never renewed has them.
    ever: Mutex<Vec<(StoreKey, Record, u64)>>,
}

impl Faulty {
    /// Writes whatever is there.
    async fn force(&self, key: &StoreKey, record: Record, ttl: Duration) -> Result<(), StoreError> {
        let _ = self.inner.destroy(key, Condition::Always).await?;
        let _ = self.inner.set(key, record, Expected::Absent, ttl).await?;
        Ok(())
    }

    fn listed(&self, is_listed: impl Fn(&StoreKey, &Record, u64) -> bool) -> Vec<(StoreKey, Record)> {
        let ever = self.ever.lock().expect("no check panics here");
        let listed = ever.iter().filter(|(key, record, until)| is_listed(key, record, *until));
        listed.map(|(key, record, _)| (key.clone(), record.clone())).collect()
    }
}

#[async_trait]
impl SessionStore for Faulty {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        if expected == Expected::Absent {
            let until = self.clock.now() + 4_500_000;
            self.ever.lock().expect("no check panics here").push((key.clone(), record.clone(), until));
        }
        match (self.fault, expected) {
            (Fault::LosesFlash, _) => {
                let mut content = Content::clone(record.content());
                content.remove_all_flash();
                let (version, now) = (record.version(), record.created_at());
                self.inner.set(key, Record::new(Arc::new(content), version, now, now), expected, ttl).await
            }
            (Fault::CountsTo32Bits, Expected::Version(wanted)) => {
                let present = self.inner.get(key).await?.map(|record| record.version());
                match present {
                    Some(present) if present as u32 == wanted as u32 => {
                        self.inner.set(key, record, Expected::Version(present), ttl).await
                    }
                    _ => Ok(Stored::Conflict),
                }
            }
            (Fault::TornSave, Expected::Version(wanted)) => {
                let present = self.inner.get(key).await?.map(|record| record.version());
                if present != Some(wanted) {
                    return Ok(Stored::Conflict);
                }
                pause().await;
                self.force(key, record, ttl).await?;
                Ok(Stored::Yes)
            }
            (Fault::WholeMinutes, _) => {
                let minutes = ttl.as_secs().div_ceil(60).min(u64::MAX / 60);
                self.inner.set(key, record, expected, Duration::from_secs(60 * minutes)).await
            }
            _ => self.inner.set(key, record, expected, ttl).await,
        }
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let condition = if self.fault == Fault::EndsAnyVersion { Condition::Always } else { condition };
        self.inner.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        let present = self.inner.get(key).await?;
        match (self.fault, present) {
            (Fault::TornTouch, Some(record)) => {
                pause().await;
                self.force(key, record, ttl).await?;
                Ok(true)
            }
            (Fault::TouchCreates, None) => {
                self.force(key, super::record("", 0, 0), ttl).await?;
                Ok(true)
            }
            (Fault::TouchOnlyLengthens, Some(record)) => {
                let left = record.expires_at().saturating_sub(self.clock.now());
                self.inner.touch(key, ttl.max(Duration::from_millis(left))).await
            }
            _ => self.inner.touch(key, ttl).await,
        }
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let Some(record) = self.inner.get(key).await? else { return Ok(None) };
        let ttl = match self.fault {
            Fault::RenewsAlways => Some(Duration::from_millis(renewal.ttl())),
            Fault::RenewsNever => None,
            Fault::RenewsForEver => renewal.of(&record).map(|_| Duration::from_millis(renewal.ttl())),
            _ => return self.inner.load(key, renewal).await,
        };
        let Some(ttl) = ttl else { return Ok(Some(Found { record, renewed: false })) };
        self.inner.touch(key, ttl).await?;
        let record = self.inner.get(key).await?;
        Ok(record.map(|record| Found { record, renewed: true }))
    }

    async fn rotate(
        &self,
        old: &StoreKey,
        condition: Condition,
        new: &StoreKey,
        record: Record,
        ttl: Duration,
    ) -> Result<Rotated, StoreError> {
        let present = self.inner.get(old).await?.map(|record| record.version());
        let holds = match condition {
            Condition::Always => self.fault != Fault::RotationNeedsTheOld || present.is_some(),
            Condition::Version(version) => present == Some(version) || self.fault == Fault::EndsAnyVersion,
        };
        if !holds && self.fault != Fault::RotationKeepsTheNew {
            return Ok(Rotated::Conflict);
        }
        if self.fault == Fault::TornRotation {
            pause().await;
        }
        if self.fault == Fault::RotationReplaces {
            self.force(new, record, ttl).await?;
        } else if self.set(new, record, Expected::Absent, ttl).await? == Stored::Conflict {
            return Ok(Rotated::Taken);
        }
        if holds && self.fault != Fault::RotationKeepsTheOld {
            let _ = self.inner.destroy(old, Condition::Always).await?;
        }
        Ok(if holds { Rotated::Yes } else { Rotated::Conflict })
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let of = |key: &StoreKey, record: &Record| key.owner(record).as_ref() == Some(owner);
        let user = |record: &Record| record.user().map(|user| user.id.clone()).unwrap_or_default();
        let now = self.clock.now();
        let listed = match self.fault {
            Fault::ListsNothing => return Err(StoreError::unsupported("list the sessions of a user")),
            Fault::Panics => panic!("it is told to"),
            Fault::ListsEnded => return Ok(self.listed(|key, record, _| of(key, record))),
            Fault::ListsByPrefix => self.listed(|_, record, _| user(record).starts_with(owner.user())),
            Fault::ListsAllCookies => self.listed(|_, record, _| user(record) == owner.user()),
            Fault::ListsForAnHour => self.listed(|key, record, until| of(key, record) && until > now),
            Fault::ListsAFew => return Ok(self.inner.sessions_of(owner).await?.into_iter().take(10).collect()),
            _ => return self.inner.sessions_of(owner).await,
        };
        let mut live = Vec::new();
        for (key, _) in listed {
            live.extend(self.inner.get(&key).await?.map(|record| (key, record)));
        }
        Ok(live)
    }
}
