use velox_rpc::{App, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn list_users(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(2))
    }

    get_user: procedure().query(|_| Ok(1)),
}

pub fn app() -> App<()> {
    App::new(()).router(Users)
}

fn main() {}
