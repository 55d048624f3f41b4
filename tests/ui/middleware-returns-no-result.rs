use velox_rpc::{Ctx, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> String {
    ctx.base().procedure().to_string()
}

fn main() {}
