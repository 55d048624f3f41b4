use velox_rpc::{Subscription, procedure, router};

struct Live;

#[router("live")]
impl Live {
    fn count(&self) -> Subscription<(), u32> {
        procedure().subscription(|_| Ok(1))
    }

    fn tick(&self) -> Subscription<(), u32> {
        procedure().subscription(|_| vec![1, 2, 3])
    }
}

fn main() {}
// mistakes: 2
