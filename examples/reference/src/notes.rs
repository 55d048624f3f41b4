//! Notes, with routes derived from verbs such as `edit` and `remove`.

use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};

use crate::AppState;

pub struct Notes;

#[schema]
#[derive(Clone)]
pub struct Note {
    pub id: String,
    pub text: String,
}

#[schema]
pub struct Search {
    /// A part of the text.
    #[serde(default)]
    pub q: String,
    /// One tag or several.
    pub tag: Option<Tags>,
}

#[schema]
#[serde(untagged)]
pub enum Tags {
    One(String),
    Several(Vec<String>),
}

#[schema]
pub struct Found {
    /// The part of the text that the client asked for.
    pub q: String,
    /// The tags that the client asked for.
    pub tags: Vec<String>,
    pub items: Vec<Note>,
}

#[schema]
pub struct NewNote {
    #[validate(length(min = 1))]
    pub text: String,
}

#[schema]
pub struct Edit {
    pub id: String,
    #[validate(length(min = 1))]
    pub text: String,
}

#[schema]
pub struct Removal {
    pub id: String,
    pub reason: Option<String>,
}

#[schema]
pub struct Removed {
    pub id: String,
    /// Always true.
    pub removed: bool,
    /// The reason, or null.
    #[schema(nullable)]
    pub reason: Option<String>,
}

#[router("notes", state = AppState)]
impl Notes {
    /// Lists the notes that contain a text.
    pub fn find_notes(&self) -> Query<Search, Found> {
        procedure().input::<Search>().query(|Call { input: Search { q, tag }, ctx }| {
            let tags = match tag {
                None => Vec::new(),
                Some(Tags::One(tag)) => vec![tag],
                Some(Tags::Several(tags)) => tags,
            };
            let notes = &ctx.data.tables().notes;
            let items = notes.rows.iter().filter(|note| note.text.contains(&q)).cloned().collect();
            Ok(Found { q, tags, items })
        })
    }

    /// Adds a note.
    pub fn add_note(&self) -> Mutation<NewNote, Note> {
        procedure().input::<NewNote>().mutation(|Call { input, ctx }| {
            let notes = &mut ctx.data.tables().notes;
            Ok(notes.add(|number| Note { id: number.to_string(), text: input.text }).clone())
        })
    }

    /// Changes the text of a note.
    pub fn edit_note(&self) -> Mutation<Edit, Note> {
        procedure().input::<Edit>().mutation(|Call { input: Edit { id, text }, ctx }| {
            let notes = &mut ctx.data.tables().notes;
            let note = notes.rows.iter_mut().find(|note| note.id == id);
            let note = note.ok_or_else(|| Error::resource_not_found("Note", id))?;
            note.text = text;
            Ok(note.clone())
        })
    }

    /// Removes a note and confirms it.
    pub fn remove_note(&self) -> Mutation<Removal, Removed> {
        procedure().input::<Removal>().mutation(|Call { input: Removal { id, reason }, ctx }| {
            ctx.data.tables().notes.rows.retain(|note| note.id != id);
            Ok(Removed { id, removed: true, reason })
        })
    }
}
