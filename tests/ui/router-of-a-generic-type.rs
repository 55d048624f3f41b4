use velox_rpc::{Query, procedure, router};

struct Users<T>(T);

#[router("users")]
impl<T> Users<T> {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
