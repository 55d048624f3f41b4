use velox_rpc::{Query, procedure, router};

#[router("users")]
pub fn get_user() -> Query<(), u32> {
    procedure().query(|_| Ok(1))
}

fn main() {}
