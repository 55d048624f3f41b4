use velox_rpc::procedure::ProcedureBuilder;
use velox_rpc::{App, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    base(&self) -> ProcedureBuilder<()> {
        procedure()
    }

    fn count(&self) -> Query<(), u32> {
        self.base().query(|_| Ok(1))
    }

    fn names(&self) -> Query<(), Vec<String>> {
        self.base().query(|_| Ok(Vec::new()))
    }
}

pub fn of_all(base: ProcedureBuilder<()>) -> App<()> {
    drop(base);
    App::new(()).router(Users)
}

fn main() {}
