use velox_rpc::{procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) {
        let _ = procedure().query(|_| Ok(1));
    }

    fn list_users(&self) {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
