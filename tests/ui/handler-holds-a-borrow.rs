use std::cell::RefCell;

use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(async |_| {
            let cell = RefCell::new(1);
            let held = cell.borrow_mut();
            std::future::ready(()).await;
            Ok(*held)
        })
    }
}

fn main() {}
