use velox_session::{Key, Session, SessionError};

const COUNT: Key<u32> = Key::new("count");

fn count(session: &Session) -> Result<u32, SessionError> {
    session.update(COUNT, |_| "three")
}

fn main() {}
