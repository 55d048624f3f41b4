//! Notes, under the routes that the other verbs give.

use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};

use crate::AppState;

/// What keeps notes.
pub struct Notes;

/// A note.
#[schema]
#[derive(Clone)]
pub struct Note {
    /// The id.
    pub id: String,
    /// The text.
    pub text: String,
}

/// Which notes are wanted.
#[schema]
pub struct Search {
    /// A part of the text.
    #[serde(default)]
    pub q: String,
    /// One tag or several.
    pub tag: Option<Tags>,
}

/// One tag or several.
#[schema]
#[serde(untagged)]
pub enum Tags {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// The notes that were found.
#[schema]
pub struct Found {
    /// The part of the text that was asked for.
    pub q: String,
    /// The tags that were asked for.
    pub tags: Vec<String>,
    /// The notes.
    pub items: Vec<Note>,
}

/// A note, to be made.
#[schema]
pub struct NewNote {
    /// The text.
    #[validate(length(min = 1))]
    pub text: String,
}

/// A note, to be changed.
#[schema]
pub struct Edit {
    /// The id.
    pub id: String,
    /// The text.
    #[validate(length(min = 1))]
    pub text: String,
}

/// A note, to be removed.
#[schema]
pub struct Removal {
    /// The id.
    pub id: String,
    /// Why.
    pub reason: Option<String>,
}

/// A note that was removed.
#[schema]
pub struct Removed {
    /// The id.
    pub id: String,
    /// Always true.
    pub removed: bool,
    /// Why, or null.
    #[schema(nullable)]
    pub reason: Option<String>,
}

#[router("notes", state = AppState)]
impl Notes {
    /// The notes that hold a text.
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

    /// Makes a note.
    pub fn add_note(&self) -> Mutation<NewNote, Note> {
        procedure().input::<NewNote>().mutation(|Call { input, ctx }| {
            let notes = &mut ctx.data.tables().notes;
            Ok(notes.add(|number| Note { id: number.to_string(), text: input.text }).clone())
        })
    }

    /// Gives a note another text.
    pub fn edit_note(&self) -> Mutation<Edit, Note> {
        procedure().input::<Edit>().mutation(|Call { input: Edit { id, text }, ctx }| {
            let notes = &mut ctx.data.tables().notes;
            let note = notes.rows.iter_mut().find(|note| note.id == id);
            let note = note.ok_or_else(|| Error::resource_not_found("Note", id))?;
            note.text = text;
            Ok(note.clone())
        })
    }

    /// Removes a note, and says so.
    pub fn remove_note(&self) -> Mutation<Removal, Removed> {
        procedure().input::<Removal>().mutation(|Call { input: Removal { id, reason }, ctx }| {
            ctx.data.tables().notes.rows.retain(|note| note.id != id);
            Ok(Removed { id, removed: true, reason })
        })
    }
}
