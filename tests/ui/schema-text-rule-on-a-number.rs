use velox_rpc::schema;

#[schema]
pub struct Host {
    #[validate(ip)]
    pub address: u32,
    #[validate(contains(pattern = "a"))]
    pub name: u64,
    #[validate(does_not_contain(pattern = "a"))]
    pub tags: Vec<String>,
    #[validate(non_control_character)]
    pub count: Option<i32>,
}

fn main() {}
// mistakes: 4
