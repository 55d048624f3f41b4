use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(email)]
    pub email: String,
    pub name: String,
    pub email: String,
}

pub fn shown(input: &SignUp) -> String {
    format!("{}, {}", input.email, input.name)
}

fn main() {}
