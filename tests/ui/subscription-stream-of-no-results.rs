use futures_util::stream;
use velox_rpc::{Subscription, procedure, router};

struct Live;

#[router("live")]
impl Live {
    fn count(&self) -> Subscription<(), u32> {
        procedure().subscription(|_| stream::iter([1, 2, 3]))
    }
}

fn main() {}
