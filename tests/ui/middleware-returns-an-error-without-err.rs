use velox_rpc::{Ctx, Error, Result, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> Result<String> {
    let Some(tenant) = ctx.request().header("x-tenant") else {
        return Error::bad_request("no tenant");
    };
    Ok(tenant.to_owned())
}

fn main() {}
