use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(email, length)]
    pub email: String,
    #[validate(range(message = "Too young"))]
    pub age: u8,
    #[validate(contains())]
    pub site: String,
}

fn main() {}
// mistakes: 3
