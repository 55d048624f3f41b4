use velox_session::{Key, Session, SessionError};

const COUNT: Key<u32> = Key::new("count");

fn count(session: &Session) -> Result<bool, SessionError> {
    Ok(session.get::<String>(COUNT)?.is_some())
}

fn main() {}
