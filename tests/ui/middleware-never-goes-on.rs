use velox_rpc::{Next, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure()
            .use_fn(async |ctx, next| {
                println!("{}", ctx.procedure());
                Ok(())
            })
            .query(|_| Ok(1))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().use_fn(|_, next: Next<_>| async { println!("called") }).query(|_| Ok(1))
    }

    fn get_third(&self) -> Query<(), u32> {
        procedure().use_fn(async |ctx, next| next(ctx).await).query(|_| Ok(1))
    }

    fn get_fourth(&self) -> Query<(), u32> {
        procedure().use_fn(async |ctx, next: Next<_>| next.run(ctx).await).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 3
