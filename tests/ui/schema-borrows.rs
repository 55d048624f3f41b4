use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    pub name: &str,
    pub tags: Option<&[String]>,
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, String> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input.name.to_owned()))
    }
}

fn main() {}
// mistakes: 2
