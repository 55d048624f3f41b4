use velox_rpc::schema;

#[schema]
pub struct Order {
    #[validate(range(min = 0, max = 10))]
    pub price: f64,
}

fn main() {}
