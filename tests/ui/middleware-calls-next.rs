use velox_rpc::{Ctx, Query, Result, middleware, procedure, router};

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<String> {
    let tenant = ctx.request().header("x-tenant").unwrap_or("default");
    next({ ctx: { tenant } })
}

#[middleware]
async fn locale(ctx: &impl Ctx) -> Result<String> {
    if ctx.request().header("accept-language").is_none() {
        return next({ ctx });
    }
    Ok(String::from("en"))
}

#[middleware]
async fn trace(ctx: &impl Ctx) -> Result<String> {
    next.run(ctx).await
}

#[middleware]
async fn user_agent(ctx: &impl Ctx) -> Result<String> {
    println!("{:?}", ctx.request().header("user-agent"));
    return next;
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_(tenant).use_(locale).use_(trace).use_(user_agent).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 4
