use velox_rpc::{Ctx, Query, Result, middleware, procedure, router};

#[middleware]
fn tenant(ctx: &(dyn Ctx + Sync)) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

#[middleware]
async fn locale(ctx: &dyn Ctx) -> Result<String> {
    Ok(ctx.request().header("accept-language").unwrap_or("en").to_owned())
}

struct Users;

#[router("users")]
impl Users {
    fn count(&self) -> Query<(), u32> {
        procedure().use_(tenant).use_(locale).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
