use velox_rpc::{Query, router};

#[router("users")]
pub trait Users {
    fn get_user(&self) -> Query<(), u32>;
}

fn main() {}
