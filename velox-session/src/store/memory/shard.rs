//! One shard: the records of some keys, each in a slot, and what finds a slot again.
//!
//! A slot has one number in all the parts: the slots themselves, the wheel that knows when each is due, the lists of owners. They
//! all give the number of a slot that leaves to the last one. What has expired leaves a few records at a time
//! ([`expire`](Shard::expire)), so that it costs no pause.

use std::time::Duration;

use crate::clock::{Clock, milliseconds};
use crate::key::StoreKey;
use crate::record::Record;
use crate::store::memory::index::Index;
use crate::store::memory::names::{self, Names};
use crate::store::memory::owners::Owners;
use crate::store::memory::slots::Slots;
use crate::store::memory::wheel::Wheel;
use crate::store::{Condition, Destroyed, Expected, Found, Owner, Renewal, Stored};

/// The records of some keys.
pub(super) struct Shard {
    slots: Slots,
    index: Index,
    wheel: Wheel,
    owners: Owners,
    names: Names,
    capacity: u32,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            slots: Slots::new(),
            index: Index::new(),
            wheel: Wheel::new(),
            owners: Owners::new(),
            names: Names::new(),
            capacity: u32::try_from(capacity).map_or(LARGEST, |capacity| capacity.min(LARGEST)),
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.capacity as usize);
    }

    pub(super) fn get(&mut self, key: &StoreKey, now: u64) -> Option<Record> {
        let slot = self.find(key, now)?;
        Some(self.slots.record(slot))
    }

    pub(super) fn has(&mut self, key: &StoreKey, now: u64) -> bool {
        self.find(key, now).is_some()
    }

    pub(super) fn load(&mut self, key: &StoreKey, renewal: &Renewal, clock: &dyn Clock) -> Option<Found> {
        let slot = self.find(key, renewal.now())?;
        let record = self.slots.record(slot);
        let Some(ttl) = renewal.of(&record) else { return Some(Found { record, renewed: false }) };
        // The request looked at the clock a while ago. What has expired since, and for others was over, must not live on.
        if record.expires_at() <= clock.now() {
            return None;
        }
        let expires_at = expiry(renewal.now(), ttl);
        self.renew(slot, expires_at);
        Some(Found { record: record.with_expiry(expires_at), renewed: true })
    }

    pub(super) fn set(&mut self, key: &StoreKey, record: Record, expected: Expected, now: u64) -> Stored {
        let present = self.find(key, now);
        let as_expected = match (expected, present) {
            (Expected::Absent, None) => true,
            (Expected::Version(version), Some(slot)) => self.slots.slot(slot).version() == version,
            _ => false,
        };
        match present {
            _ if !as_expected => return Stored::Conflict,
            Some(slot) => self.replace(slot, &record, key),
            None => self.insert(key, &record),
        }
        Stored::Yes
    }

    pub(super) fn destroy(&mut self, key: &StoreKey, condition: Condition, now: u64) -> Destroyed {
        let Some(slot) = self.find(key, now) else { return Destroyed::Absent };
        if let Condition::Version(version) = condition
            && version != self.slots.slot(slot).version()
        {
            return Destroyed::Conflict;
        }
        self.remove(slot);
        Destroyed::Yes
    }

    pub(super) fn touch(&mut self, key: &StoreKey, ttl: Duration, now: u64) -> bool {
        let slot = self.find(key, now);
        if let Some(slot) = slot {
            self.renew(slot, expiry(now, ttl));
        }
        slot.is_some()
    }

    /// Adds the live sessions of a user to `found`.
    pub(super) fn sessions_of(&self, owner: &Owner, now: u64, found: &mut Vec<(StoreKey, Record)>) {
        let Some(name) = self.names.find(owner.cookie()) else { return };
        let user = owner.user().as_bytes();
        let mark = self.owners.mark(name.number(), user);
        let mut next = self.owners.first(mark, |slot| self.slots.user(slot) == Some(user));
        while let Some(number) = next {
            let slot = self.slots.slot(number);
            if slot.expires_at() > now {
                found.push((StoreKey::from_parts(name.text(), name.mix(*slot.mark())), self.slots.record(number)));
            }
            next = self.owners.after(number);
        }
    }

    /// Looks at no more than `limit` of the slots whose turn it is: those that have expired leave. Answers whether there may be more.
    pub(super) fn expire(&mut self, now: u64, limit: u32) -> bool {
        for _ in 0..limit {
            let Some(slot) = self.wheel.turn(now) else { return false };
            let expires_at = self.slots.slot(slot).expires_at();
            if expires_at <= now {
                self.remove(slot);
            } else {
                self.wheel.set(slot, expires_at);
            }
        }
        true
    }

    pub(super) fn len(&self) -> u32 {
        self.slots.len()
    }

    /// The slot of a live record. One that has expired leaves.
    fn find(&mut self, key: &StoreKey, now: u64) -> Option<u32> {
        let mark = self.names.find(key.prefix())?.mix(key.digest());
        let slot = self.index.find(hash(&mark), |slot| *self.slots.slot(slot).mark() == mark)?;
        if self.slots.slot(slot).expires_at() <= now {
            self.remove(slot);
            return None;
        }
        Some(slot)
    }

    fn insert(&mut self, key: &StoreKey, record: &Record) {
        if self.slots.len() >= self.capacity {
            self.evict();
        }
        let (slot, mark) = (self.slots.len(), self.names.name(key.prefix()).mix(key.digest()));
        self.index.insert(hash(&mark), slot);
        self.wheel.push(record.expires_at());
        self.owners.push();
        self.slots.push(&mark, record);
        self.set_owner(slot, key);
    }

    fn replace(&mut self, slot: u32, record: &Record, key: &StoreKey) {
        self.renew(slot, record.expires_at());
        let user = record.content().user().map(|user| user.id.as_bytes());
        let of_another = self.slots.user(slot) != user;
        self.slots.replace(slot, record);
        if of_another {
            self.set_owner(slot, key);
        }
    }

    fn set_owner(&mut self, slot: u32, key: &StoreKey) {
        let slots = &self.slots;
        let id = slots.user(slot);
        let owner = id.map(|id| self.owners.mark(self.names.name(key.prefix()).number(), id));
        self.owners.set(slot, owner, |other| slots.user(other) == id);
    }

    fn renew(&mut self, slot: u32, expires_at: u64) {
        let sooner = expires_at < self.slots.slot(slot).expires_at();
        self.slots.set_expiry(slot, expires_at);
        // The wheel may be early, never late: most renewals cost it nothing.
        if sooner {
            self.wheel.set(slot, expires_at);
        }
    }

    fn remove(&mut self, slot: u32) {
        self.index.remove(hash(self.slots.slot(slot).mark()), slot);
        self.slots.swap_remove(slot);
        self.wheel.remove(slot);
        self.owners.remove(slot);
        let last = self.slots.len();
        if slot < last {
            self.index.renumber(hash(self.slots.slot(slot).mark()), last, slot);
        }
    }

    /// Makes room for one record: the one that is next to expire leaves, of those that are first in the wheel's order.
    fn evict(&mut self) {
        let (mut next, mut soonest, mut in_place) = (None, None, false);
        for _ in 0..EXAMINED_PER_EVICTION {
            if next.is_none() && in_place {
                break;
            }
            let Some(slot) = next.or_else(|| self.wheel.first()) else { break };
            next = self.wheel.after(slot);
            let expires_at = self.slots.slot(slot).expires_at();
            if expires_at > self.wheel.due(slot) {
                self.wheel.set(slot, expires_at);
            } else {
                in_place = true;
            }
            soonest = soonest.into_iter().chain([(expires_at, slot)]).min();
        }
        if let Some((_, slot)) = soonest {
            self.remove(slot);
        }
    }
}

/// Ids are ours and random, so that nobody chooses what their hashes begin with.
fn hash(mark: &names::Mark) -> u32 {
    let [a, b, c, d, ..] = *mark;
    u32::from_le_bytes([a, b, c, d])
}

fn expiry(now: u64, ttl: Duration) -> u64 {
    now.saturating_add(milliseconds(ttl))
}

const EXAMINED_PER_EVICTION: u32 = 32;
/// Numbers from here on mean other things in the parts.
const LARGEST: u32 = 1 << 30;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::conformance::key;
    use crate::record::{BLOCK, Content};
    use crate::store::memory::tests::Dice;
    use crate::user::SessionUser;

    fn record(user: u64, version: u64, expires_at: u64) -> Record {
        let mut content = Content::new(version);
        if user > 0 {
            // One that fits into a slot, or one that does not.
            let email = "e".repeat(if version.is_multiple_of(3) { BLOCK } else { 7 });
            content.log_in(SessionUser::new(user.to_string(), email), version + 1);
        }
        if version.is_multiple_of(5) {
            content.set("version", version.into());
        }
        Record::new(Arc::new(content), version, expires_at, version + 2)
    }

    /// Against a plain table (E8: the users' lists too): what lives is found, and nothing else, whatever happens in whatever order.
    #[test]
    fn it_does_what_a_plain_table_does() {
        for seed in 1..60 {
            let mut dice = Dice::new(seed);
            let (mut shard, mut model, mut now) = (Shard::new(usize::MAX), BTreeMap::<usize, Record>::new(), 1_000);
            let keys: Vec<_> = (0..40).map(|number| key(if number % 2 == 0 { "session" } else { "short" })).collect();
            for _ in 0..400 {
                let number = dice.below(40) as usize;
                let (key, ttl) = (&keys[number], 1 + dice.below(10_000));
                model.retain(|_, record| record.expires_at() > now);
                let present = model.get(&number).map(Record::version);
                match dice.below(6) {
                    0..2 => {
                        let expected = present.map_or(Expected::Absent, Expected::Version);
                        let record = record(dice.below(4), present.unwrap_or(0) + 1, now + ttl);
                        assert_eq!(shard.set(key, record.clone(), expected, now), Stored::Yes);
                        model.insert(number, record);
                    }
                    2 => {
                        let destroyed = shard.destroy(key, Condition::Always, now);
                        assert_eq!(destroyed == Destroyed::Yes, model.remove(&number).is_some());
                    }
                    3 => {
                        let ttl = Duration::from_millis(ttl);
                        assert_eq!(shard.touch(key, ttl, now), present.is_some());
                        model.entry(number).and_modify(|record| *record = record.clone().with_expiry(expiry(now, ttl)));
                    }
                    4 => now += dice.below(3_000),
                    _ => _ = shard.expire(now, dice.below(9) as u32),
                }
                model.retain(|_, record| record.expires_at() > now);
                let number = dice.below(40) as usize;
                assert_eq!(shard.get(&keys[number], now).as_ref(), model.get(&number), "seed {seed}");
                assert_lists(&shard, &model, &keys, now);
            }
            shard.expire(now, shard.len());
            assert_eq!(shard.len() as usize, model.len());
        }
    }

    fn assert_lists(shard: &Shard, model: &BTreeMap<usize, Record>, keys: &[StoreKey], now: u64) {
        for (key, user) in keys[..2].iter().flat_map(|key| (1..4).map(move |user| (key, user))) {
            let owner = key.owner(&record(user, 0, 0)).expect("it is a user's");
            let mut found = Vec::new();
            shard.sessions_of(&owner, now, &mut found);
            let mut found: Vec<_> = found.iter().map(|(key, record)| (key.to_text(), record.version())).collect();
            let theirs = model.iter().filter(|(number, record)| keys[**number].owner(record).as_ref() == Some(&owner));
            let mut expected: Vec<_> =
                theirs.map(|(number, record)| (keys[*number].to_text(), record.version())).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected);
        }
    }

    /// Contents of every size, in slots, beside them and in regions of their own, are what they were, whoever else leaves or changes.
    #[test]
    fn contents_of_all_sizes_come_back() {
        for seed in 1..30 {
            let mut dice = Dice::new(seed);
            let (mut shard, mut model, mut now) = (Shard::new(usize::MAX), BTreeMap::<usize, Record>::new(), 1_000);
            let keys: Vec<_> = (0..50).map(|number| key(if number % 2 == 0 { "session" } else { "short" })).collect();
            for step in 0..300 {
                let number = dice.below(50) as usize;
                let present = model.get(&number).map(Record::version);
                match dice.below(8) {
                    0..5 => {
                        let expected = present.map_or(Expected::Absent, Expected::Version);
                        let version = present.map_or_else(|| dice.below(u64::MAX), |version| version.wrapping_add(1));
                        let expires_at = [u64::MAX, now + 1 + dice.below(10_000)][dice.below(2) as usize];
                        let record = Record::new(Arc::new(sized(&mut dice)), version, expires_at, u64::MAX - version);
                        assert_eq!(shard.set(&keys[number], record.clone(), expected, now), Stored::Yes);
                        model.insert(number, record);
                    }
                    5 | 6 => {
                        let destroyed = shard.destroy(&keys[number], Condition::Always, now);
                        assert_eq!(destroyed == Destroyed::Yes, model.remove(&number).is_some());
                    }
                    _ => {
                        now += dice.below(2_000);
                        shard.expire(now, 2 * shard.len());
                        model.retain(|_, record| record.expires_at() > now);
                        assert_eq!(shard.len() as usize, model.len(), "seed {seed}");
                    }
                }
                if step % 20 == 0 {
                    for (number, key) in keys.iter().enumerate() {
                        assert!(shard.get(key, now).as_ref() == model.get(&number), "seed {seed}, {number}");
                    }
                }
            }
        }
    }

    /// A session with a user or without, with data or without, from a few bytes to some hundred thousand.
    fn sized(dice: &mut Dice) -> Content {
        let mut content = Content::new(dice.below(u64::MAX));
        let text = |dice: &mut Dice| {
            let most = 1 << dice.below(14);
            "e\u{0}\u{e9}\u{1f600}".chars().cycle().take(dice.below(most) as usize).collect::<String>()
        };
        if dice.below(3) > 0 {
            content.log_in(SessionUser::new(text(dice), text(dice)), dice.below(u64::MAX));
        }
        for _ in 0..dice.below(3) {
            content.set(&text(dice), json!([text(dice), dice.below(u64::MAX), 0.1, null, {}]));
        }
        if dice.below(4) == 0 {
            content.set_flash(&text(dice), json!({ "text": text(dice) }));
        }
        content
    }

    #[test]
    fn the_one_longest_unused_leaves_first() {
        let mut shard = Shard::new(100);
        let keys: Vec<_> = (0..200).map(|_| key("session")).collect();
        let mut now = 1_000_000;
        for key in &keys[..100] {
            assert_eq!(shard.set(key, record(1, 1, now + 3_600_000), Expected::Absent, now), Stored::Yes);
            now += 1_000;
        }
        for key in &keys[..20] {
            assert!(shard.touch(key, Duration::from_secs(3_600), now));
            now += 1_000;
        }
        for key in &keys[100..180] {
            assert_eq!(shard.set(key, record(1, 1, now + 3_600_000), Expected::Absent, now), Stored::Yes);
        }
        let alive =
            |shard: &mut Shard, keys: &[StoreKey]| keys.iter().filter(|key| shard.get(key, now).is_some()).count();
        assert_eq!(alive(&mut shard, &keys[20..100]), 0);
        assert_eq!(alive(&mut shard, &keys[..20]) + alive(&mut shard, &keys[100..180]), 100);
    }
}
