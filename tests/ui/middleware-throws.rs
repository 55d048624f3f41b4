use velox_rpc::{Ctx, Result, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> Result<String> {
    let Some(tenant) = ctx.request().header("x-tenant") else {
        return Err("no tenant");
    };
    Ok(tenant.to_owned())
}

#[middleware]
pub fn locale(ctx: &impl Ctx) -> Result<String> {
    match ctx.request().header("accept-language") {
        Some(locale) => Ok(locale.to_owned()),
        None => return Err(format!("no locale")),
    }
}

fn main() {}
// mistakes: 2
