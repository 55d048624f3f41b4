use velox_rpc::context::Roles;
use velox_rpc::procedure::has_role;
use velox_rpc::{Query, procedure, router};
use velox_session::SessionMiddleware;

struct Account;

impl Roles for Account {
    fn has_role(&self, _: &str) -> bool {
        false
    }
}

struct Users {
    session: SessionMiddleware<Account>,
}

#[router("users")]
impl Users {
    fn count_users(&self) -> Query<(), u32> {
        procedure().guard(has_role("admin")).use_(self.session.required()).query(|_| Ok(1))
    }
}

fn main() {}
