use velox_rpc::schema;

#[schema]
pub struct Product {
    #[validate(regex(path = "^[A-Z]+$"))]
    pub sku: String,
    #[validate(length(max = 20), regex(path = "^\\d", message = "Not a number"))]
    pub number: Option<String>,
}

fn main() {}
// mistakes: 2
