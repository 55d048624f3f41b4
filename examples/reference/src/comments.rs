//! Comments, nested under their posts.

use velox_rpc::http::StatusCode;
use velox_rpc::{Call, Error, Mutation, Query, Result, procedure, router, schema};

use crate::AppState;
use crate::data::Tables;
use crate::sessions::MainSession;

pub struct Comments {
    pub session: MainSession,
}

#[schema]
#[derive(Clone)]
pub struct Comment {
    pub id: String,
    pub post_id: String,
    pub text: String,
    pub author_id: String,
}

#[schema]
pub struct OfPost {
    pub post_id: String,
}

#[schema]
pub struct ById {
    pub post_id: String,
    pub id: String,
}

#[schema]
pub struct NewComment {
    pub post_id: String,
    #[validate(length(min = 1))]
    pub text: String,
}

#[router("comments", state = AppState)]
impl Comments {
    /// Lists the comments on a post.
    pub fn list_comments(&self) -> Query<OfPost, Vec<Comment>> {
        procedure().parent("posts").input::<OfPost>().query(|Call { input: OfPost { post_id }, ctx }| {
            let tables = ctx.data.tables();
            check_post(&tables, &post_id)?;
            Ok(tables.comments.rows.iter().filter(|comment| comment.post_id == post_id).cloned().collect::<Vec<_>>())
        })
    }

    /// Returns one comment on a post.
    pub fn get_comment(&self) -> Query<ById, Comment> {
        procedure()
            .parent("posts")
            .input::<ById>()
            .query(|Call { input, ctx }| of_post(&ctx.data.tables(), &input).cloned())
    }

    /// Adds a comment to a post.
    pub fn create_comment(&self) -> Mutation<NewComment, Comment> {
        procedure().parent("posts").input::<NewComment>().use_(self.session.required()).mutation(
            |Call { input: NewComment { post_id, text }, ctx }| {
                let mut tables = ctx.data.tables();
                check_post(&tables, &post_id)?;
                let author_id = ctx.user.id.clone();
                let comment =
                    tables.comments.add(|number| Comment { id: format!("c{number}"), post_id, text, author_id });
                Ok(comment.clone())
            },
        )
    }

    /// Deletes a comment of the logged-in user.
    pub fn delete_comment(&self) -> Mutation<ById, ()> {
        procedure().parent("posts").input::<ById>().use_(self.session.required()).mutation(|Call { input, ctx }| {
            let mut tables = ctx.data.tables();
            if of_post(&tables, &input)?.author_id != ctx.user.id {
                return Err(Error::custom(StatusCode::FORBIDDEN, "FORBIDDEN", "Not your comment"));
            }
            tables.comments.rows.retain(|comment| comment.id != input.id);
            Ok(())
        })
    }
}

fn check_post(tables: &Tables, id: &str) -> Result<()> {
    if tables.posts.contains(&id) { Ok(()) } else { Err(Error::resource_not_found("Post", id)) }
}

fn of_post<'t>(tables: &'t Tables, ById { post_id, id }: &ById) -> Result<&'t Comment> {
    let found = tables.comments.rows.iter().find(|comment| comment.id == *id && comment.post_id == *post_id);
    found.ok_or_else(|| Error::resource_not_found("Comment", id))
}
