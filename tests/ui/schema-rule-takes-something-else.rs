use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    #[validate(length(minimum = 3))]
    pub name: String,
    #[validate(length(3))]
    pub last_name: String,
    #[validate(length = 3)]
    pub code: String,
    #[validate(email = "Not an address")]
    pub email: String,
    #[validate(email("Not an address"))]
    pub other: String,
    #[validate(length(min = 3) email)]
    pub third: String,
}

struct Users;

#[router("users")]
impl Users {
    fn sign_up(&self) -> Mutation<SignUp, SignUp> {
        procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input))
    }
}

fn main() {}
// mistakes: 6
