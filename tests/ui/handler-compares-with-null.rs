use velox_rpc::{Query, procedure, router};

struct Users;

fn find() -> Option<u32> {
    Some(1)
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(async |_| {
            let user = find();
            if user == null {
                return Err(velox_rpc::Error::not_found("user"));
            }
            Ok(user)
        })
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().query(|_| {
            let user = find();
            if user != undefined { Ok(user) } else { Err(velox_rpc::Error::not_found("user")) }
        })
    }
}

fn main() {}
// mistakes: 2
