use std::rc::Rc;
use std::sync::Mutex;

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

    fn get_other(&self) -> Query<(), u32> {
        procedure().query(|_| async move {
            let counter = Mutex::new(1);
            let held = counter.lock().unwrap();
            std::future::ready(()).await;
            Ok(*held)
        })
    }

    fn get_third(&self) -> Query<(), u32> {
        procedure()
            .use_fn(async |ctx, next| {
                let counter = Rc::new(1);
                let output = next.run(ctx).await;
                drop(counter);
                output
            })
            .query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 3
