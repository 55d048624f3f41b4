use velox_rpc::schema;

#[schema]
struct Order {
    #[validate(multiple_of = 0)]
    quantity: u32,
    #[validate(multiple_of = "5")]
    weight: u32,
    #[validate(multiple_of(message = "No"))]
    price: f64,
}

fn main() {}
// mistakes: 3
