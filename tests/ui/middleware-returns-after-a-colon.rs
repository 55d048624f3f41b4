use velox_rpc::{Ctx, Query, Result, middleware, procedure, router};

#[middleware]
fn tenant(ctx: &impl Ctx): Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

struct Users;

#[router("users")]
impl Users {
    fn count(&self) -> Query<(), u32> {
        procedure().use_(tenant).query(|_| Ok(1))
    }
}

fn main() {}
