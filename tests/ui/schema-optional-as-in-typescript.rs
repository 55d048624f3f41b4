use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    pub name?: String,
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, SignUp> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input))
    }
}

fn main() {}
