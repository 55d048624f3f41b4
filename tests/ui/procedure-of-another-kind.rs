use velox_rpc::{Mutation, Query, Subscription, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn create_user(&self) -> Query<(), u32> {
        procedure().mutation(|_| Ok(1))
    }

    fn get_user(&self) -> Mutation<(), u32> {
        procedure().query(async |_| Ok(1))
    }

    fn count(&self) -> Subscription<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_count(&self) -> Query<(), u32> {
        procedure().subscription(|_| futures_util::stream::iter([Ok(1)]))
    }
}

fn main() {}
// mistakes: 4
