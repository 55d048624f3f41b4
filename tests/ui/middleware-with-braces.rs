use velox_rpc::{Query, Result, middleware, procedure, router};

#[middleware]
async fn tenant({ ctx, next }) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_(tenant).query(|_| Ok(1))
    }
}

fn main() {}
