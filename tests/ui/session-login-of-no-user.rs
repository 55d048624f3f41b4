use velox_session::{Session, SessionError};

async fn log_in(session: &Session, id: &str) -> Result<(), SessionError> {
    session.login(id).await
}

fn main() {}
