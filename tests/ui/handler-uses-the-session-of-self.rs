use velox_rpc::{Call, Query, procedure, router};
use velox_session::SessionMiddleware;

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().use_(self.session.optional()).query(|Call { .. }| Ok(1))
    }

    fn get_theme(&self) -> Query<(), String> {
        procedure().query(async |_| Ok(self.session.get("theme")))
    }
}

fn main() {}
