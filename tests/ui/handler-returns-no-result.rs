use velox_rpc::{Mutation, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct User {
    pub name: String,
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), User> {
        procedure().query(async |_| User { name: String::new() })
    }

    fn get_other(&self) -> Query<(), User> {
        procedure().query(|_| User { name: String::new() })
    }

    fn forget(&self) -> Mutation<(), ()> {
        procedure().mutation(async |_| {
            println!("forgotten");
        })
    }

    fn forget_other(&self) -> Mutation<(), ()> {
        procedure().mutation(|_| println!("forgotten"))
    }
}

fn main() {}
// mistakes: 4
