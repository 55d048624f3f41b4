use velox_rpc::{Ctx, Result, middleware};

#[middleware]
pub async fn tenant(ctx: &mut impl Ctx) -> Result<String> {
    Ok(ctx.base().procedure().to_string())
}

fn main() {}
