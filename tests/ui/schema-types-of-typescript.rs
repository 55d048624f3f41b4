use std::collections::HashMap;

use velox_rpc::schema;

#[schema]
pub struct SignUp {
    pub name: string,
    #[validate(range(min = 18))]
    pub age: number,
    pub agrees: Option<boolean>,
    pub scores: HashMap<String, number>,
    pub other: any,
}

pub fn shown(input: SignUp) -> String {
    if input.agrees.unwrap_or(false) { input.name } else { format!("{}", input.age) }
}

fn main() {}
// mistakes: 5
