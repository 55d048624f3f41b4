use velox_rpc::{Ctx, Next, Query, Result, middleware, procedure, router};

#[middleware]
async fn tenant(ctx: &impl Ctx, next: Next<_>) -> Result<String> {
    let tenant = ctx.request().header("x-tenant").unwrap_or("default");
    next.run(ctx).await
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_(tenant).query(|_| Ok(1))
    }
}

fn main() {}
