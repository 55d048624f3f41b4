use velox_rpc::{Query, procedure, router};

struct Users {
    name: String,
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), String> {
        procedure().query(async |_| Ok(self.name.clone()))
    }
}

fn main() {}
