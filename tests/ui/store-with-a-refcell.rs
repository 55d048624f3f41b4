use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use velox_session::rate::{Hit, RateKey, RateStore};
use velox_session::store::{StoreError, async_trait};

pub struct Rates {
    hits: RefCell<HashMap<String, u64>>,
}

#[async_trait]
impl RateStore for Rates {
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
        let count = self.hits.borrow().len() as u64;
        let _ = key;
        Ok(Hit { count, left: window })
    }
}

fn main() {}
