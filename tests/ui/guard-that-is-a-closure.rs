use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_user(&self) -> Query<(), u32> {
        procedure().guard(|ctx| ctx.request().header("x-open").is_some()).query(|_| Ok(1))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().guard("open", |ctx| ctx.request().header("x-open").is_some()).query(|_| Ok(1))
    }

    fn get_third(&self) -> Query<(), u32> {
        procedure().guard_fn(|ctx| ctx.request().header("x-open").is_some()).query(|_| Ok(1))
    }

    fn get_fourth(&self) -> Query<(), u32> {
        procedure().use_(async |ctx, next| next.run(ctx).await).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 4
