use velox_rpc::{Ctx, Result, middleware};

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.db.tenant_of(ctx.request().header("x-tenant")).await?)
}

#[middleware]
async fn owner(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.user.id.to_string())
}

fn main() {}
// mistakes: 2
