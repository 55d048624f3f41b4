use velox_rpc::{Ctx, Result, middleware};

#[middleware]
pub async fn tenant<C: Ctx>(ctx: &C) -> Result<String> {
    Ok(ctx.base().procedure().to_string())
}

fn main() {}
