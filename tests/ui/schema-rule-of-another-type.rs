use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(length(min = 3))]
    pub age: u32,
    #[validate(email)]
    pub code: u32,
    #[validate(url(message = "Not an address"))]
    pub home: Option<bool>,
}

fn main() {}
