use velox_rpc::{Call, Mutation, procedure, router};
use velox_session::SessionMiddleware;

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn log_out(&self) -> Mutation<(), ()> {
        procedure().mutation(async |Call { ctx, .. }| Ok(ctx.session.logout().await?))
    }
}

fn main() {}
