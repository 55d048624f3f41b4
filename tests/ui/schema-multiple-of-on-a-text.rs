use velox_rpc::schema;

#[schema]
struct Order {
    #[validate(multiple_of = 5)]
    quantity: String,
}

fn main() {}
