use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(length(min = 1))]
    pub type: String,
    pub name: String,
}

pub fn shown(input: &SignUp) -> String {
    format!("{}, {}", input.r#type, input.name)
}

fn main() {}
