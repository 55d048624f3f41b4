use std::sync::LazyLock;

use velox_rpc::schema;

static SKU: LazyLock<String> = LazyLock::new(|| String::from("^[A-Z]+$"));

#[schema]
pub struct Product {
    #[validate(regex(path = *SKU))]
    pub sku: String,
}

fn main() {}
