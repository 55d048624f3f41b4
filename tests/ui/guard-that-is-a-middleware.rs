use velox_rpc::{Query, procedure, router};
use velox_session::SessionMiddleware;

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn get_profile(&self) -> Query<(), u32> {
        procedure().guard(self.session.required()).query(|_| Ok(1))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().guards([self.session.required()]).query(async |_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
