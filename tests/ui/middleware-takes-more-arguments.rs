use velox_rpc::{Ctx, Result, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx, name: String) -> Result<String> {
    Ok(name)
}

fn main() {}
