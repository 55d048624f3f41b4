use velox_rpc::schema;

#[schema]
pub enum Level {
    Low,
    High,
}

#[schema]
pub struct Find {
    pub text: String,
    #[serde(default)]
    pub level: Level,
    #[serde(default)]
    pub limit: Option<u32>,
}

#[schema]
pub enum Change {
    Set {
        #[serde(default, rename = "to")]
        level: Level,
    },
    Reset,
}

fn main() {}
// mistakes: 2
