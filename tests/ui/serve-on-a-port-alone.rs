use velox_rpc::App;

pub async fn run() {
    let _ = App::new(()).serve(3000).await;
}

fn main() {}
