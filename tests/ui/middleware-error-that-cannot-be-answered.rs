use velox_rpc::{Ctx, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> Result<String, Vec<u8>> {
    ctx.request().header("x-tenant").map(str::to_owned).ok_or_else(Vec::new)
}

fn main() {}
