use velox_rpc::procedure::authenticated;
use velox_rpc::{Ctx, Query, Result, middleware, procedure, router};

enum Visitor {
    Guest,
    Known(String),
}

#[middleware]
async fn user(ctx: &impl Ctx) -> Result<Visitor> {
    Ok(ctx.request().header("x-user").map_or(Visitor::Guest, |name| Visitor::Known(name.to_owned())))
}

struct Users;

#[router("users")]
impl Users {
    fn count_users(&self) -> Query<(), u32> {
        procedure().use_(user).guard(authenticated()).query(|_| Ok(1))
    }
}

fn main() {}
