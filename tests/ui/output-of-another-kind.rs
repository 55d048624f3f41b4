use bytes::Bytes;
use http::Response;
use velox_rpc::{Query, procedure, router};

struct Files;

#[router("files")]
impl Files {
    fn get_file(&self) -> Query<(), Bytes> {
        procedure().query(|_| Ok(Bytes::new()))
    }

    fn get_page(&self) -> Query<(), Response<String>> {
        procedure().query(async |_| Ok(Response::new(String::new())))
    }
}

fn main() {}
// mistakes: 2
