use velox_rpc::procedure::{authenticated, has_role};
use velox_rpc::{Query, procedure, router};
use velox_session::SessionMiddleware;

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn get_profile(&self) -> Query<(), u32> {
        procedure().use_(self.session.optional()).guard(authenticated).query(|_| Ok(1))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().use_(self.session.required()).guard(has_role).query(|_| Ok(1))
    }

    fn get_third(&self) -> Query<(), u32> {
        procedure().use_(self.session.required).query(|_| Ok(1))
    }

    fn get_fourth(&self) -> Query<(), u32> {
        procedure().use_(self.session.clone()).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 4
