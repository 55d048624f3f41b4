use velox_rpc::schema;

#[schema]
pub union Number {
    pub whole: u32,
    pub real: f32,
}

fn main() {}
