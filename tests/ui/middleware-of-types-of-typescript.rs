use velox_rpc::{Call, Ctx, Result, middleware, procedure};

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<string> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

pub fn who() {
    let _ = procedure::<()>().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant.to_uppercase()));
}

fn main() {}
