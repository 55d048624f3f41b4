use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    pub email: String,
    pub name?: String,
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, String> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input.name.unwrap_or(input.email)))
    }
}

fn main() {}
