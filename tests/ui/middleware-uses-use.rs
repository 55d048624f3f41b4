use velox_rpc::{Ctx, Result, middleware, procedure};

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<String> {
    let base = procedure().use(ctx);
    Ok(base)
}

fn main() {
    let _ = procedure::<()>();
}
