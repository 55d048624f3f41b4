use velox_rpc::{Subscription, procedure, router};

struct Counter;

#[router("counter")]
impl Counter {
    fn count(&self) -> Subscription<(), u32> {
        procedure().subscription(async |_| {
            for number in 0..3 {
                yield number;
            }
        })
    }
}

fn main() {}
