use velox_rpc::{Call, Ctx, middleware, procedure};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) {
    let _ = ctx;
}

pub fn who() {
    let _ = procedure::<()>().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant.to_uppercase()));
}

fn main() {}
