use velox_session::{Key, Session, SessionError};

const COUNT: Key<u32> = Key::new("count");

async fn count(session: &Session) -> Result<u32, SessionError> {
    session.update(COUNT, |_| "three").await
}

fn main() {}
