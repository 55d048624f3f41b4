use velox_rpc::{Ctx, Query, Result, middleware, procedure, router, schema};

#[schema]
#[schema]
pub struct SignUp {
    #[validate(email)]
    pub email: String,
}

pub struct Users;

#[router("users")]
#[router]
impl Users {
    fn count(&self) -> Query<(), u32> {
        procedure().use_(tenant).query(|_| Ok(1))
    }
}

#[middleware]
#[middleware]
fn tenant(_: &impl Ctx) -> Result<String> {
    Ok(String::new())
}

fn main() {}
// mistakes: 3
