use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_fn(async |ctx, next| next).query(|_| Ok(1))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure()
            .use_fn(async |ctx, next| {
                println!("{}", ctx.procedure());
                return next;
            })
            .query(|_| Ok(1))
    }

    fn get_third(&self) -> Query<(), u32> {
        procedure().use_fn(async |ctx, next| next.run(ctx)).query(|_| Ok(1))
    }

    fn get_fourth(&self) -> Query<(), u32> {
        procedure().use_fn(|ctx, next| next()).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 4
