use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure()
            .guard_fn("open", |ctx, _| {
                if ctx.request().header("x-closed").is_some() {
                    return Err("closed");
                }
                Ok(())
            })
            .query(|_| Ok(1))
    }
}

fn main() {}
