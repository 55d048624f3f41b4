use velox_rpc::{App, Error, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32, Error> {
        procedure().query(|_| Ok(1))
    }
}

pub fn app() -> App<()> {
    App::new(()).router(Users)
}

fn main() {}
