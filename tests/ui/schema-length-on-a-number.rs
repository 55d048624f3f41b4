use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(length(min = 3))]
    pub age: u32,
    #[validate(length(equal = 2))]
    pub weight: Option<f64>,
}

fn main() {}
// mistakes: 2
