use velox_rpc::schema;

#[schema]
pub struct SignUp {
    pub name: String;
    pub age: u8;
}

pub fn shown(input: &SignUp) -> String {
    format!("{}, {}", input.name, input.age)
}

fn main() {}
// mistakes: 2
