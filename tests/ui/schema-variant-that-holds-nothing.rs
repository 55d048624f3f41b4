use velox_rpc::schema;

#[schema]
#[serde(tag = "kind")]
pub enum Event {
    Started(()),
    Stopped { code: u8 },
}

fn main() {}
