use velox_rpc::{Call, Ctx, Query, Result, middleware, procedure, router};

#[middleware]
pub async fn tenant(ctx: impl Ctx) -> Result<String> {
    Ok(ctx.base().procedure().to_string())
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), String> {
        procedure().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant))
    }
}

fn main() {}
