use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    pub names: String[],
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, String> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input.names.join(" ")))
    }
}

fn main() {}
