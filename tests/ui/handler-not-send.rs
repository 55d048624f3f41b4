use std::rc::Rc;

use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(async |_| {
            let counter = Rc::new(1);
            std::future::ready(()).await;
            Ok(*counter)
        })
    }
}

fn main() {}
