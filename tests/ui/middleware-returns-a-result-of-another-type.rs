use velox_rpc::{Call, Ctx, Error, Query, middleware, procedure, router};

#[middleware]
fn tenant(ctx: &impl Ctx) -> String {
    match ctx.request().header("x-tenant") {
        Some(tenant) => Ok(tenant.to_owned()),
        None => Err(Error::bad_request("No tenant")),
    }
}

struct Users;

#[router("users")]
impl Users {
    fn tenant(&self) -> Query<(), String> {
        procedure().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant))
    }
}

fn main() {}
