use std::collections::HashMap;

#[velox_rpc::schema]
pub struct Board {
    pub fields: HashMap<(u8, u8), bool>,
    pub rows: Option<Vec<HashMap<Vec<u8>, bool>>>,
}

fn main() {}
// mistakes: 2
