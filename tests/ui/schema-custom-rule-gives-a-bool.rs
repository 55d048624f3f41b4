use velox_rpc::schema;

fn is_even(number: u32) -> bool {
    number.is_multiple_of(2)
}

#[schema]
pub struct Order {
    #[validate(custom(function = is_even))]
    pub count: u32,
    #[validate(custom(function = "is_even", message = "Even numbers only"))]
    pub other: Option<u32>,
}

fn main() {}
// mistakes: 2
