use velox_session::{Key, Session, SessionError};

const COUNT: Key<u32> = Key::new("count");

fn count(session: &Session) -> Result<(), SessionError> {
    session.set(COUNT, "three")
}

fn main() {}
