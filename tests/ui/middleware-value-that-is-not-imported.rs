use velox_rpc::{Call, Ctx, Result, middleware, procedure};

mod model {
    pub struct Tenant {
        pub name: String,
    }
}

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<Tenant> {
    let name = ctx.request().header("x-tenant").unwrap_or("default").to_owned();
    Ok(model::Tenant { name })
}

pub fn who() {
    let _ = procedure::<()>().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant.name.clone()));
}

fn main() {}
