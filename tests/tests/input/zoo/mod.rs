//! Tests random values for about thirty types, which together have every serde attribute and every
//! rule. Checks which values are accepted, and which issues the others get.
//!
//! Known exceptions: serde reads an array as a struct, a number as the tag of an internally tagged
//! enum, and `{"name": null}` as a variant that holds nothing. It reads a flattened `Option` as
//! `None` if it cannot read it. velox accepts none of these. Conversely, velox accepts `1.0` as an
//! integer.
//!
//! `VELOX_CASES` sets the number of values, and `VELOX_SEED` chooses others.

mod animal;
mod attributes;
mod changes;
mod enums;
mod json;
mod property;
mod rules;
mod shapes;

use self::property::holds;

macro_rules! zoo {
    ($($name:ident: $animal:ty;)+) => {$(
        #[test]
        fn $name() {
            holds::<$animal>();
        }
    )+};
}

zoo! {
    scalars: attributes::Scalars;
    names_and_aliases: attributes::Renamed;
    defaults_of_fields: attributes::Defaulted;
    defaults_of_a_whole: attributes::WholeDefault;
    denied_unknown_fields: attributes::Strict;
    skipped_fields: attributes::Skipped;
    readers_of_fields: attributes::ReadBy;
    conversions: attributes::Converted;
    transparent_types: attributes::Transparent;
    flattened_types: attributes::Flattened;
    flattened_options: attributes::FlattenedOption;
    two_options: attributes::Patch;
    changed_texts: attributes::Changed;
    plain_enums: enums::Plain;
    externally_tagged_enums: enums::External;
    internally_tagged_enums: enums::Internal;
    adjacently_tagged_enums: enums::Adjacent;
    untagged_enums: enums::Untagged;
    flattened_enums: enums::Flattened;
    strict_enums: enums::Strict;
    rules_of_texts: rules::Texts;
    rules_of_newtypes: rules::Wrapped;
    rules_of_numbers: rules::Numbers;
    rules_of_lengths: rules::Lengths;
    rules_of_several_fields: rules::Several;
    rules_of_the_users_own: rules::Custom;
    rules_inside_of_fields: rules::Outer;
    nesting: shapes::Deep;
    generics: shapes::Library;
    recursion: shapes::Tree;
    recursive_enums: shapes::Expression;
    types_of_other_crates: shapes::Foreign;
}
