use velox_rpc::{Context, Query, Result, procedure, router};

struct Users;

async fn tenant(ctx: &Context<()>) -> Result<String> {
    Ok(ctx.procedure().to_string())
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_(tenant).query(|_| Ok(1))
    }
}

fn main() {}
