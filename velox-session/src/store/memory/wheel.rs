//! When slots are due: a timing wheel.
//!
//! Eight levels of 64 buckets. A bucket of level 0 is one millisecond, one of the next level is 64 of the one before, and the
//! last level reaches beyond the year 10000. A slot stands in the bucket of the highest 6 bits in which its time differs
//! from the wheel's own:
//!
//! ```text
//!   wheel   0b_000001_000010_000011
//!   due     0b_000001_000101_000000     differs at level 1 first: bucket 5 of level 1
//! ```
//!
//! So what is in a lower level comes before what is in a higher one, and within a level the lower bucket first: the first
//! bucket that is not empty is found by a few bits. When its time has come, its whole list becomes the list of those whose turn
//! it is, in one step, however many they are. Its slots are then taken from there one at a time, as calls come: each either
//! leaves or is put into a bucket anew, a lower one.
//!
//! A slot may be due earlier here than it is in truth, never later.

use super::links::{Link, Links};

/// Knows when each slot is due. Slots have the numbers 0 up to the length, without holes.
pub(super) struct Wheel {
    /// The time up to which all is done, in milliseconds. No bucket begins before it.
    time: u64,
    /// For each level, which of its buckets are not empty.
    occupied: [u64; LEVELS],
    /// The buckets level by level, and behind them the list of those whose turn it is.
    lists: Vec<List>,
    /// The tag is when the slot is due. The neighbour of an end is the list itself: its number with `END`.
    links: Links,
}

/// The ends of a list, in the order of arrival. `NONE` if it is empty.
#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

impl Wheel {
    pub(super) fn new() -> Self {
        let empty = List { first: NONE, last: NONE };
        Self { time: 0, occupied: [0; LEVELS], lists: vec![empty; TURN as usize + 1], links: Links::new() }
    }

    /// Adds the next slot.
    pub(super) fn push(&mut self, due: u64) {
        self.links.push(Link { before: NONE, after: NONE, tag: due });
        self.link(self.links.len() - 1);
    }

    /// Takes out a slot. The last one takes its number.
    pub(super) fn remove(&mut self, slot: u32) {
        self.unlink(slot);
        self.links.swap_remove(slot);
        if slot < self.links.len() {
            let Link { before, after, .. } = self.links.get(slot);
            self.set_after(before, slot);
            self.set_before(after, slot);
        }
    }

    /// Lets a slot be due at another time.
    pub(super) fn set(&mut self, slot: u32, due: u64) {
        self.unlink(slot);
        self.links.set(slot, Link { tag: due, ..self.links.get(slot) });
        self.link(slot);
    }

    pub(super) fn due(&self, slot: u32) -> u64 {
        self.links.get(slot).tag
    }

    /// A slot whose turn it is now. It may be early: then it is to be [`set`](Self::set) to its true time.
    pub(super) fn turn(&mut self, now: u64) -> Option<u32> {
        if self.lists[TURN as usize].first == NONE {
            match self.first_bucket() {
                Some((level, bucket)) if self.start(level, bucket) <= now => {
                    self.time = self.start(level, bucket);
                    self.give_turn(level, bucket);
                }
                // Nothing begins before `now`, so that nothing changes its level either.
                _ if self.time < now => self.time = now,
                _ => {}
            }
        }
        let first = self.lists[TURN as usize].first;
        (first != NONE).then_some(first)
    }

    /// A slot of the first list that is not empty, whether its time has come or not.
    pub(super) fn first(&self) -> Option<u32> {
        let turn = self.lists[TURN as usize].first;
        if turn != NONE {
            return Some(turn);
        }
        self.first_bucket().map(|(level, bucket)| self.lists[number(level, bucket) as usize].first)
    }

    /// The slot behind this one in its list.
    pub(super) fn after(&self, slot: u32) -> Option<u32> {
        Some(self.links.get(slot).after).filter(|after| after & END == 0)
    }

    fn first_bucket(&self) -> Option<(usize, u64)> {
        let level = self.occupied.iter().position(|occupied| *occupied != 0)?;
        Some((level, u64::from(self.occupied[level].trailing_zeros())))
    }

    /// When a bucket begins.
    fn start(&self, level: usize, bucket: u64) -> u64 {
        let above = level_shift(level + 1);
        (self.time >> above << above) | bucket << level_shift(level)
    }

    /// Which list a slot of this time belongs in.
    fn list(&self, due: u64) -> u32 {
        let due = due.min(LATEST);
        if due <= self.time {
            return TURN;
        }
        let level = (due ^ self.time).ilog2() as usize / BITS;
        number(level, due >> level_shift(level) & (BUCKETS - 1))
    }

    fn give_turn(&mut self, level: usize, bucket: u64) {
        let from = number(level, bucket);
        let list = std::mem::replace(&mut self.lists[from as usize], List { first: NONE, last: NONE });
        self.links.set_before(list.first, TURN | END);
        self.links.set_after(list.last, TURN | END);
        self.lists[TURN as usize] = list;
        self.mark(from);
    }

    fn link(&mut self, slot: u32) {
        let due = self.due(slot);
        let list = self.list(due);
        let last = self.lists[list as usize].last;
        let before = if last == NONE { list | END } else { last };
        self.links.set(slot, Link { before, after: list | END, tag: due });
        self.set_after(before, slot);
        self.lists[list as usize].last = slot;
        self.mark(list);
    }

    fn unlink(&mut self, slot: u32) {
        let Link { before, after, .. } = self.links.get(slot);
        // The one who was between two ends leaves an empty list.
        if before & after & END != 0 {
            self.lists[(before & !END) as usize] = List { first: NONE, last: NONE };
            self.mark(before & !END);
        } else {
            self.set_after(before, after);
            self.set_before(after, before);
        }
    }

    /// Puts behind `place`, a slot or the front end of a list, what comes there.
    fn set_after(&mut self, place: u32, after: u32) {
        match place & END {
            0 => self.links.set_after(place, after),
            _ => self.lists[(place & !END) as usize].first = after,
        }
    }

    fn set_before(&mut self, place: u32, before: u32) {
        match place & END {
            0 => self.links.set_before(place, before),
            _ => self.lists[(place & !END) as usize].last = before,
        }
    }

    /// Notes whether a bucket is empty.
    fn mark(&mut self, list: u32) {
        if list == TURN {
            return;
        }
        let (level, bit) = ((list / BUCKETS as u32) as usize, 1 << (list % BUCKETS as u32));
        match self.lists[list as usize].first {
            NONE => self.occupied[level] &= !bit,
            _ => self.occupied[level] |= bit,
        }
    }
}

fn number(level: usize, bucket: u64) -> u32 {
    (level as u64 * BUCKETS + bucket) as u32
}

fn level_shift(level: usize) -> usize {
    level * BITS
}

const BITS: usize = 6;
const BUCKETS: u64 = 1 << BITS;
const LEVELS: usize = 8;
/// The last time that the levels tell apart. What is due later comes up then, and is put right.
const LATEST: u64 = (1 << (BITS * LEVELS)) - 1;
/// The list of those whose turn it is.
const TURN: u32 = (LEVELS as u32) << BITS;
const END: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::tests::Dice;

    /// Takes all whose turn it is, as a shard does that has nothing more to say than the wheel: their times, in order.
    fn take(wheel: &mut Wheel, now: u64) -> Vec<u64> {
        let mut taken = Vec::new();
        while let Some(slot) = wheel.turn(now) {
            let due = wheel.due(slot);
            if due <= now {
                wheel.remove(slot);
                taken.push(due);
            } else {
                wheel.set(slot, due);
            }
        }
        taken.sort_unstable();
        taken
    }

    #[test]
    fn a_slot_has_its_turn_when_it_is_due_and_not_before() {
        for due in [0, 1, 63, 64, 65, 4_095, 4_096, 1 << 30, LATEST - 1, LATEST] {
            let mut wheel = Wheel::new();
            wheel.push(due);
            if due > 0 {
                assert!(take(&mut wheel, due - 1).is_empty());
            }
            assert_eq!(take(&mut wheel, due), [due]);
        }
    }

    #[test]
    fn what_is_due_later_than_the_wheel_can_tell_comes_up_when_it_ends() {
        let mut wheel = Wheel::new();
        wheel.push(u64::MAX);
        assert!(take(&mut wheel, LATEST - 1).is_empty());
        assert_eq!(wheel.turn(LATEST), Some(0));
        wheel.set(0, u64::MAX);
        assert_eq!(wheel.turn(u64::MAX), Some(0));
    }

    #[test]
    fn the_first_one_comes_before_all_others() {
        let mut wheel = Wheel::new();
        wheel.turn(1_000);
        for due in [90_000, 5_000, 1_003, 5_000_000, 1_001] {
            wheel.push(due);
        }
        let mut order = Vec::new();
        while let Some(slot) = wheel.first() {
            order.push(wheel.due(slot));
            wheel.remove(slot);
        }
        assert_eq!(order, [1_001, 1_003, 5_000, 90_000, 5_000_000]);
    }

    #[test]
    fn however_many_are_due_at_once_they_come_one_at_a_time() {
        let mut wheel = Wheel::new();
        (0..5_000).for_each(|_| wheel.push(700_000));
        assert!(take(&mut wheel, 699_999).is_empty());
        for left in (0..5_000).rev() {
            let slot = wheel.turn(700_000).expect("one is left");
            wheel.remove(slot);
            assert_eq!(wheel.links.len(), left);
        }
        assert_eq!(wheel.turn(700_000), None);
        assert_eq!(wheel.occupied, [0; LEVELS]);
    }

    /// Against a list of times: whatever is done to the wheel, in the order in which it is done, it gives each slot its turn
    /// in time, and the numbers stay dense.
    #[test]
    fn it_does_what_a_plain_list_does() {
        for seed in 1..200 {
            let mut dice = Dice::new(seed);
            let (mut wheel, mut model, mut now) = (Wheel::new(), Vec::<u64>::new(), dice.below(1 << 40));
            let span = 1 << (1 + dice.below(34));
            for _ in 0..400 {
                let any = |dice: &mut Dice, model: &[u64]| dice.below(model.len().max(1) as u64) as u32;
                match dice.below(8) {
                    0..3 => {
                        let due = (now + dice.below(span)).saturating_sub(dice.below(3));
                        wheel.push(due);
                        model.push(due);
                    }
                    3 if !model.is_empty() => {
                        let slot = any(&mut dice, &model);
                        wheel.remove(slot);
                        model.swap_remove(slot as usize);
                    }
                    4 if !model.is_empty() => {
                        let (slot, due) = (any(&mut dice, &model), now + dice.below(span));
                        wheel.set(slot, due);
                        model[slot as usize] = due;
                    }
                    // A bit of the work, as a call does it.
                    5 => {
                        for _ in 0..dice.below(4) {
                            let Some(slot) = wheel.turn(now) else { break };
                            let due = model[slot as usize];
                            if due <= now {
                                wheel.remove(slot);
                                model.swap_remove(slot as usize);
                            } else {
                                wheel.set(slot, due);
                            }
                        }
                    }
                    6 => now += dice.below(span),
                    7 => {
                        take(&mut wheel, now);
                        let left: Vec<_> = (0..wheel.links.len()).map(|slot| wheel.due(slot)).collect();
                        assert!(left.iter().all(|due| *due > now), "seed {seed}");
                        model.retain(|due| *due > now);
                        let (mut sorted, mut expected) = (left.clone(), model.clone());
                        sorted.sort_unstable();
                        expected.sort_unstable();
                        assert_eq!(sorted, expected, "seed {seed}");
                        model = left;
                    }
                    _ => {}
                }
                assert_eq!(wheel.links.len() as usize, model.len());
                assert!(model.iter().enumerate().all(|(slot, due)| wheel.due(slot as u32) == *due), "seed {seed}");
            }
        }
    }
}
