use velox_session::{Session, SessionError};

fn read(session: &Session) -> Result<Option<u32>, SessionError> {
    session.get(7)
}

fn remove(session: &Session) -> Result<bool, SessionError> {
    session.remove(7)
}

fn main() {}
// mistakes: 2
