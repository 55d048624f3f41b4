use velox_rpc::{Subscription, procedure, router};

struct Live;

#[router("live")]
impl Live {
    fn count(&self) -> Subscription<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
