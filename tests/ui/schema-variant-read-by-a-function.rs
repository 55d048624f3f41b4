use serde::{Deserialize, Deserializer};
use velox_rpc::schema;

#[schema]
pub enum Price {
    #[serde(deserialize_with = "cents")]
    Cents(u64),
    Free,
}

fn cents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    u64::deserialize(deserializer).map(|euros| euros * 100)
}

fn main() {}
