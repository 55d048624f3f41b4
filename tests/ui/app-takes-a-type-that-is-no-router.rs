use velox_rpc::App;

struct Users;

pub fn app() -> App<()> {
    App::new(()).router(Users)
}

fn main() {}
