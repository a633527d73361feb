//! A schema's fields: which of them are columns, and how the values of each are stored.

use arrow_ipc::{DateUnit, Endianness, Precision, Schema, Type, UnionMode};

use super::column::{Column, Stored};
use super::damaged;
use crate::decode::Options;
use crate::decode::csv::sniff::unique_names;
use crate::decode::typed::{Meaning, Typed};
use crate::event::TimeUnit;
use crate::{Error, ErrorKind, Result};

/// Fields lie at most so deep in each other.
const DEEPEST: usize = 64;
/// A file with more columns is none of events.
const MOST_COLUMNS: usize = 10_000;

/// A field of the schema, as a batch has its buffers.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) layout: Layout,
    pub(super) children: Vec<Field>,
    /// Which column it is, if it is one.
    pub(super) column: Option<usize>,
}

/// Which buffers a field has, its children's apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// None.
    Nothing,
    /// Which values are there, and the values.
    Values,
    /// The same, and where each ends.
    Offsets,
    /// The same as short values or places in any number of buffers.
    Views,
    /// Which structures are there.
    Structure,
    /// Which lists are there, and where each ends, in four or eight bytes.
    List { wide: bool },
    /// Which lists are there, all of that length.
    Lists(usize),
    /// So many of another kind.
    Others(usize),
}

/// What a schema says.
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<Column>,
    pub(super) names: Vec<String>,
    pub(super) left_out: Vec<String>,
}

/// Reads a schema.
///
/// # Errors
///
/// `BAD_INPUT` where a field has no type; `UNSUPPORTED` of big-endian values.
pub(super) fn read(schema: Schema<'_>, options: &Options) -> Result<Fields> {
    if schema.endianness() != Endianness::Little {
        return Err(Error::new(ErrorKind::Unsupported, "the Arrow file is written in big-endian order"));
    }
    let mut walk = Walk { leaves: vec![], n_left_out: 0 };
    let fields = schema.fields().into_iter().flatten();
    let mut fields = fields.map(|field| walk.field(field, &Above::default())).collect::<Result<Vec<_>>>()?;
    let names = unique_names(walk.leaves.iter().map(|leaf| leaf.name.clone()));
    let mut out = Fields { fields: vec![], columns: vec![], names: vec![], left_out: vec![] };
    let mut places = vec![];
    for (leaf, name) in walk.leaves.into_iter().zip(names) {
        places.push(None);
        match leaf.stored {
            _ if !options.wants(&name) => {}
            None => out.left_out.push(name),
            Some((stored, meaning)) => {
                let typed = Typed::new(&name, meaning, options.fixed(&name), options.kind_of(&name));
                places.pop();
                places.push(Some(out.columns.len()));
                out.columns.push(Column::new(stored, leaf.dictionary, typed));
                out.names.push(name);
            }
        }
    }
    fields.iter_mut().for_each(|field| field.place(&places));
    out.fields = fields;
    Ok(out)
}

impl Field {
    /// Whether it is a column, or one is within it.
    pub(super) fn has_columns(&self) -> bool {
        self.column.is_some() || self.children.iter().any(Self::has_columns)
    }

    /// Has leaves say which column they are, in the place of which leaf.
    fn place(&mut self, places: &[Option<usize>]) {
        self.column = self.column.and_then(|leaf| places.get(leaf).copied().flatten());
        self.children.iter_mut().for_each(|child| child.place(places));
    }
}

struct Walk {
    leaves: Vec<Leaf>,
    n_left_out: usize,
}

struct Leaf {
    name: String,
    /// How its values are stored, and what they are; `None` of what is left out.
    stored: Option<(Stored, Meaning)>,
    /// The number of its dictionary, and how the places in it are stored.
    dictionary: Option<(i64, Stored)>,
}

#[derive(Default)]
struct Above<'a> {
    name: &'a str,
    depth: usize,
    n_lists: usize,
    /// Whether the field's own name says nothing: that of a list's element.
    is_element: bool,
    /// Whether what is above is left out as a whole.
    is_left_out: bool,
}

impl Walk {
    fn field(&mut self, field: arrow_ipc::Field<'_>, above: &Above<'_>) -> Result<Field> {
        if above.depth > DEEPEST || self.leaves.len() + self.n_left_out > MOST_COLUMNS {
            return Err(damaged("its schema is larger than that of any table"));
        }
        let own = field.name().unwrap_or("");
        let name = match above.name {
            "" => own.to_owned(),
            _ if above.is_element => above.name.to_owned(),
            outer => format!("{outer}.{own}"),
        };
        let layout = if field.dictionary().is_some() { Layout::Values } else { layout(field)? };
        let is_list = matches!(layout, Layout::List { .. } | Layout::Lists(_));
        let n_lists = above.n_lists + usize::from(is_list);
        let is_leaf = !is_list && layout != Layout::Structure;
        let is_left_out = above.is_left_out || n_lists > 1 || matches!(layout, Layout::Others(_));
        let mut column = None;
        if !above.is_left_out && (is_leaf || is_left_out) {
            column = Some(self.leaves.len());
            let dictionary = field.dictionary().map(|dictionary| {
                let int = dictionary.indexType();
                (dictionary.id(), int.map_or(Stored::Int(4), |int| Stored::Int(int.bitWidth().unsigned_abs() as usize / 8)))
            });
            let stored = if is_left_out { None } else { stored(field)? };
            self.leaves.push(Leaf { name: name.clone(), stored, dictionary });
        }
        self.n_left_out += usize::from(above.is_left_out);
        let below = Above { name: &name, depth: above.depth + 1, n_lists, is_element: is_list, is_left_out };
        let children = if field.dictionary().is_some() { None } else { field.children() };
        let children = children.into_iter().flatten().map(|child| self.field(child, &below)).collect::<Result<Vec<_>>>()?;
        if is_list && children.len() != 1 {
            return Err(damaged("a list has no elements' type"));
        }
        Ok(Field { layout, children, column })
    }
}

fn layout(field: arrow_ipc::Field<'_>) -> Result<Layout> {
    Ok(match field.type_type() {
        Type::Null => Layout::Nothing,
        Type::Int
        | Type::FloatingPoint
        | Type::Bool
        | Type::Decimal
        | Type::Date
        | Type::Time
        | Type::Timestamp
        | Type::Interval
        | Type::Duration
        | Type::FixedSizeBinary => Layout::Values,
        Type::Binary | Type::Utf8 | Type::LargeBinary | Type::LargeUtf8 => Layout::Offsets,
        Type::BinaryView | Type::Utf8View => Layout::Views,
        Type::Struct_ => Layout::Structure,
        Type::List | Type::Map => Layout::List { wide: false },
        Type::LargeList => Layout::List { wide: true },
        Type::FixedSizeList => {
            let length = field.type_as_fixed_size_list().and_then(|list| usize::try_from(list.listSize()).ok());
            Layout::Lists(length.ok_or_else(|| damaged("a list is of no length"))?)
        }
        Type::ListView | Type::LargeListView => Layout::Others(3),
        Type::Union => {
            let is_dense = field.type_as_union().is_some_and(|union| union.mode() == UnionMode::Dense);
            Layout::Others(if is_dense { 2 } else { 1 })
        }
        Type::RunEndEncoded => Layout::Others(0),
        _ => return Err(damaged("a column is of no known type")),
    })
}

/// How a field's values are stored, and what they are; `None` of those that are left out.
fn stored(field: arrow_ipc::Field<'_>) -> Result<Option<(Stored, Meaning)>> {
    let bytes = |bits: i32| bits.unsigned_abs() as usize / 8;
    let missing = || damaged("a column's type is not said");
    Ok(Some(match field.type_type() {
        Type::Null => (Stored::Nothing, Meaning::Nothing),
        Type::Bool => (Stored::Bit, Meaning::Bool),
        Type::Int => {
            let int = field.type_as_int().ok_or_else(missing)?;
            match (bytes(int.bitWidth()), int.is_signed()) {
                (width @ (1 | 2 | 4 | 8), true) => (Stored::Int(width), Meaning::Int),
                (8, false) => (Stored::Int(8), Meaning::Unsigned),
                (width @ (1 | 2 | 4), false) => (Stored::Unsigned(width), Meaning::Int),
                _ => return Err(damaged("an integer is of no known width")),
            }
        }
        Type::FloatingPoint => match field.type_as_floating_point().ok_or_else(missing)?.precision() {
            Precision::HALF => (Stored::Half, Meaning::Float { single: true }),
            Precision::SINGLE => (Stored::Single, Meaning::Float { single: true }),
            _ => (Stored::Int(8), Meaning::Float { single: false }),
        },
        Type::Decimal => {
            let decimal = field.type_as_decimal().ok_or_else(missing)?;
            match (u8::try_from(decimal.scale()), bytes(decimal.bitWidth())) {
                (Ok(scale @ 0..=37), width @ (4 | 8 | 16 | 32)) => (Stored::Int(width), Meaning::Decimal { scale }),
                _ => return Ok(None),
            }
        }
        Type::Date => match field.type_as_date().ok_or_else(missing)?.unit() {
            DateUnit::DAY => (Stored::Int(4), Meaning::Date),
            _ => (Stored::Int(8), Meaning::Time { unit: TimeUnit::Milli, utc: false }),
        },
        Type::Time => {
            let time = field.type_as_time().ok_or_else(missing)?;
            match bytes(time.bitWidth()) {
                width @ (4 | 8) => (Stored::Int(width), Meaning::Clock(time_unit(time.unit()))),
                _ => return Err(damaged("a time is of no known width")),
            }
        }
        Type::Timestamp => {
            let time = field.type_as_timestamp().ok_or_else(missing)?;
            (Stored::Int(8), Meaning::Time { unit: time_unit(time.unit()), utc: time.timezone().is_some() })
        }
        Type::Duration => (Stored::Int(8), Meaning::Int),
        Type::FixedSizeBinary => {
            let width = field.type_as_fixed_size_binary().and_then(|fixed| usize::try_from(fixed.byteWidth()).ok());
            let width = width.filter(|&width| width > 0).ok_or_else(|| damaged("a column's values are of no length"))?;
            let mut pairs = field.custom_metadata().into_iter().flatten();
            let is_uuid = pairs.any(|pair| pair.key() == Some("ARROW:extension:name") && pair.value() == Some("arrow.uuid"));
            (Stored::Bytes(width), if is_uuid && width == 16 { Meaning::Uuid } else { Meaning::Text })
        }
        Type::Binary | Type::Utf8 => (Stored::Offsets { wide: false }, Meaning::Text),
        Type::LargeBinary | Type::LargeUtf8 => (Stored::Offsets { wide: true }, Meaning::Text),
        Type::BinaryView | Type::Utf8View => (Stored::Views, Meaning::Text),
        _ => return Ok(None),
    }))
}

fn time_unit(unit: arrow_ipc::TimeUnit) -> TimeUnit {
    match unit {
        arrow_ipc::TimeUnit::SECOND => TimeUnit::Second,
        arrow_ipc::TimeUnit::MICROSECOND => TimeUnit::Micro,
        arrow_ipc::TimeUnit::NANOSECOND => TimeUnit::Nano,
        _ => TimeUnit::Milli,
    }
}
