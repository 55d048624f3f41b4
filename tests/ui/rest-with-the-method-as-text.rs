use velox_rpc::http::Method;
use velox_rpc::{Mutation, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn create_user(&self) -> Mutation<(), u32> {
        procedure().rest("POST", "/users").mutation(|_| Ok(1))
    }

    fn create_other(&self) -> Mutation<(), u32> {
        procedure().rest("post", "/others").mutation(|_| Ok(1))
    }

    fn create_third(&self) -> Mutation<(), u32> {
        procedure().rest(Method::Post, "/thirds").mutation(|_| Ok(1))
    }

    fn create_fourth(&self) -> Mutation<(), u32> {
        procedure().rest("/fourths").mutation(|_| Ok(1))
    }

    fn create_fifth(&self) -> Mutation<(), u32> {
        procedure().rest(Method::POST, "/fifths").mutation(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 4
