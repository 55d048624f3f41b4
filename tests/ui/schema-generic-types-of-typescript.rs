use velox_rpc::schema;

#[schema]
pub struct Post {
    pub tags: Array<string>,
    pub likes: Record<string, number>,
    pub readers: Set<number>,
    pub parts: Map<string, Uint8Array>,
    pub versions: Array<Post>,
    pub views: bigint,
    pub extra: unknown,
}

fn main() {}
// mistakes: 7
