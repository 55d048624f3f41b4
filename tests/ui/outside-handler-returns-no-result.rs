use velox_rpc::procedure;

pub fn build() {
    let _ = procedure::<()>().query(|_| 1);
    let _ = procedure::<()>().query(async |_| 1);
    let _ = procedure::<()>().query(|_| if true { Err("no id") } else { Ok(1) });
    let _ = procedure::<()>().query(async |_| if true { Err("no id") } else { Ok(1) });
}

fn main() {}
// mistakes: 4
