use velox_rpc::schema;

#[schema]
pub struct SignUp {
    readonly name: String,
    pub mut age: u8,
}

pub fn shown(input: &SignUp) -> String {
    format!("{}, {}", input.name, input.age)
}

fn main() {}
// mistakes: 2
