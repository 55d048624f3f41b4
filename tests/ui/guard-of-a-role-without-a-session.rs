use velox_rpc::procedure::has_role;
use velox_rpc::{Query, procedure, router};
use velox_session::SessionMiddleware;

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn count_users(&self) -> Query<(), u32> {
        procedure().guard(has_role("admin")).query(|_| Ok(1))
    }

    fn count_all_users(&self) -> Query<(), u32> {
        procedure().use_(self.session.middleware()).guard(has_role("admin")).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
