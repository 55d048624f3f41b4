use velox_rpc::{Mutation, Query, procedure};

pub fn create_user() -> Query<(), u32> {
    procedure().mutation(|_| Ok(1))
}

pub fn get_user() -> Mutation<(), u32> {
    procedure().query(async |_| Ok(1))
}

fn main() {}
// mistakes: 2
