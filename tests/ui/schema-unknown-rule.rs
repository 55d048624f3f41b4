use velox_rpc::{Call, Mutation, procedure, router, schema};

#[schema]
pub struct SignUp {
    #[validate(emial)]
    pub email: String,
    #[validate(min = 3)]
    pub name: String,
    #[validate(max(100))]
    pub last_name: String,
    #[validate(positive)]
    pub age: u32,
    #[validate(uuid)]
    pub id: String,
    #[validate(phone)]
    pub phone: String,
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
