use velox_rpc::{Ctx, Result, middleware};

#[middleware(name = "tenant")]
pub async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.base().procedure().to_string())
}

fn main() {}
