//! Fields as schemas.

use crate::flow::admin::body::{Field, Kind};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

/// An object of these fields, of which `needed` must be there. Others may be there too. Null says that a field has nothing.
pub(super) fn object(fields: &[Field], needed: &[&str]) -> Schema {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, kind) in fields {
        object = object.property(*name, if needed.contains(name) { plain(*kind) } else { or_null(*kind) });
    }
    for name in needed.iter().filter(|name| fields.iter().any(|(field, _)| field == *name)) {
        object = object.required(*name);
    }
    object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true))).build().into()
}

/// A form of these fields; what may be anything is a file.
pub(super) fn form(fields: &[Field], needed: &[&str]) -> Schema {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, kind) in fields {
        object = object.property(*name, if matches!(kind, Kind::Any) { file() } else { plain(*kind) });
    }
    needed.iter().fold(object, |object, name| object.required(*name)).build().into()
}

/// A list of objects with at least these members.
pub(super) fn list(members: &[Field]) -> Schema {
    let all: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    ArrayBuilder::new().items(RefOr::T(told(members, &all))).build().into()
}

/// An object of an answer: these members are there, and may be null.
pub(super) fn told(members: &[Field], needed: &[&str]) -> Schema {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, kind) in members {
        object = object.property(*name, or_null(*kind));
    }
    needed.iter().fold(object, |object, name| object.required(*name)).build().into()
}

/// Anything.
pub(super) fn anything() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).build().into()
}

/// Text.
pub(super) fn text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).build().into()
}

/// Bytes.
pub(super) fn file() -> Schema {
    let format = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
    ObjectBuilder::new().schema_type(Type::String).format(format).build().into()
}

/// A value of this kind.
pub(super) fn plain(kind: Kind) -> Schema {
    of(kind, false)
}

fn or_null(kind: Kind) -> Schema {
    of(kind, true)
}

fn of(kind: Kind, is_nullable: bool) -> Schema {
    let typed = |of: Type| match is_nullable {
        true => SchemaType::Array(vec![of, Type::Null]),
        false => SchemaType::Type(of),
    };
    let items = |schema: Schema| -> Schema {
        ArrayBuilder::new().schema_type(typed(Type::Array)).items(RefOr::T(schema)).build().into()
    };
    let object = ObjectBuilder::new();
    match kind {
        Kind::Text => object.schema_type(typed(Type::String)).build().into(),
        Kind::OneOf(names) => {
            let names = names.iter().map(|name| Some(*name)).chain(is_nullable.then_some(None));
            object.schema_type(typed(Type::String)).enum_values(Some(names)).build().into()
        }
        Kind::Integer => object.schema_type(typed(Type::Integer)).build().into(),
        Kind::Number => object.schema_type(typed(Type::Number)).build().into(),
        Kind::Flag => object.schema_type(typed(Type::Boolean)).build().into(),
        Kind::Map => object.schema_type(typed(Type::Object)).build().into(),
        Kind::TextMap => {
            let texts = AdditionalProperties::RefOr(RefOr::T(text()));
            object.schema_type(typed(Type::Object)).additional_properties(Some(texts)).build().into()
        }
        Kind::TextList => items(text()),
        Kind::List => items(anything()),
        Kind::Any => anything(),
    }
}
