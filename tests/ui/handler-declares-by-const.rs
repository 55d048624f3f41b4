use velox_rpc::{Query, procedure, router};

struct Users;

async fn find() -> u32 {
    1
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_user(&self) -> Query<(), u32> {
        procedure().query(async |_| {
            const user = find().await;
            Ok(user)
        })
    }
}

fn main() {
    let _ = find();
}
