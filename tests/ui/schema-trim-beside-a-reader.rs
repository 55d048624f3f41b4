use serde::{Deserialize, Deserializer};
use velox_rpc::schema;

#[schema]
pub struct User {
    #[schema(trim)]
    #[serde(deserialize_with = "short")]
    pub name: String,
}

fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer)
}

fn main() {}
