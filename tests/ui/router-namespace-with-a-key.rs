use velox_rpc::{App, Query, procedure, router};

struct Users;

#[router(name = "users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

pub fn app() -> App<()> {
    App::new(()).router(Users)
}

fn main() {}
