use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    pub name: str,
    pub nick: Option<str>,
    pub motto: Box<str>,
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, str> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input.name))
    }
}

fn main() {}
// mistakes: 3
