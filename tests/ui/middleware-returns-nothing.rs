use velox_rpc::{Ctx, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) {
    let _ = ctx;
}

fn main() {}
