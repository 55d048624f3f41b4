use velox_rpc::{Query, procedure, router};

struct Users {
    name: String,
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), String> {
        let name = self.name.clone();
        procedure().query(async move |_| Ok(name.clone()))
    }
}

fn main() {}
