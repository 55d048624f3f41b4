//! Checks that the store has what it must have, and nothing else.

use velox_session::clock::Clock;

use crate::model::case::USERS;
use crate::model::oracle::{ABSOLUTE, Content, Life};
use crate::model::world::World;

impl World {
    /// Checks that the store has what was acknowledged, and nothing of a session that has ended.
    pub(super) async fn check_stored(&self, index: usize) {
        let session = &self.sessions[index];
        let record = self.record(&session.key).await.map(|record| Content::of(&record));
        let now = self.clock.now();
        let right = match (session.ended_by, self.life(index, now)) {
            (Some(_), _) => record.is_none(),
            (None, Life::On) => record.as_ref() == Some(session.content()),
            (None, Life::Over | Life::Unsure) => true,
        };
        self.check(right, || format!("session {index} is {record:?} instead of {session:?}"));
    }

    /// Checks that the store has a record for every session that exists, and no others.
    pub(super) async fn check_records(&mut self) {
        let now = self.clock.now();
        let lives = |life: Life| (0..self.sessions.len()).filter(|index| self.life(*index, now) == life).count();
        let least = lives(Life::On);
        // A store may keep a session past its absolute end until it is asked for.
        let aged = self.sessions.iter().filter(|session| {
            session.ended_by.is_none() && session.content().created_at + ABSOLUTE <= now && session.until.1 > now
        });
        let most = least + lives(Life::Unsure) + aged.count();
        let records = self.ground.records().await;
        self.check((least..=most).contains(&records), || format!("G1: {records} records instead of {least} to {most}"));
    }

    /// Checks the state after the run.
    pub(super) async fn check_the_end(&mut self) {
        self.check_records().await;
        for index in 0..self.sessions.len() {
            self.check_stored(index).await;
        }
        let now = self.clock.now();
        for user in USERS {
            let own = (0..self.sessions.len()).filter(|i| self.sessions[*i].content().user.as_deref() == Some(user));
            let own: Vec<_> = own.map(|index| self.life(index, now)).filter(|life| *life != Life::Over).collect();
            let least = own.iter().filter(|life| **life == Life::On).count();
            let listed = self.onlooker.sessions_of(user).await.expect("the store answers").len();
            self.check((least..=own.len()).contains(&listed), || {
                format!("F9: {listed} sessions of {user}, not {least}")
            });
        }
    }
}
