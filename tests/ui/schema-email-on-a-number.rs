use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(email)]
    pub code: u32,
    #[validate(url(message = "Not an address"))]
    pub home: Option<bool>,
}

fn main() {}
// mistakes: 2
