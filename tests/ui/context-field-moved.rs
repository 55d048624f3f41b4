use velox_rpc::{Call, Query, procedure, router};

struct Users;

pub struct AppState {
    pub name: String,
}

#[router("users", state = AppState)]
impl Users {
    fn get_name(&self) -> Query<(), String> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.name))
    }

    fn get_other(&self) -> Query<(), String> {
        procedure().query(async |Call { ctx, .. }| Ok(ctx.name))
    }

    fn get_third(&self) -> Query<(), String> {
        procedure().query(async |Call { ctx, .. }| {
            let name = ctx.name;
            Ok(name)
        })
    }
}

fn main() {}
// mistakes: 3
