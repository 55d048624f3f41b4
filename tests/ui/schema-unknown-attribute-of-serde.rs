use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    #[serde(renam = "e-mail")]
    pub email: String,
}

#[schema]
pub struct Outer {
    pub inner: SignUp,
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, Vec<SignUp>> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(vec![input]))
    }
}

fn main() {}
