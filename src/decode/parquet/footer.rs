//! What a Parquet file's footer says: its schema, and where the bytes of each column are.
//!
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>

use super::damaged;
use super::thrift::{Field, Thrift};
use crate::event::TimeUnit;
use crate::{Error, Result};

/// The footer.
#[derive(Debug, Default)]
pub(super) struct Footer {
    /// The schema's nodes, each before its children.
    pub(super) schema: Vec<Node>,
    pub(super) groups: Vec<Group>,
}

/// A node of the schema.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The number of its physical type, of a leaf.
    pub(super) physical: Option<i64>,
    /// Bytes of each value, of a type of fixed length.
    pub(super) length: i64,
    pub(super) repetition: Repetition,
    pub(super) name: String,
    pub(super) n_children: i64,
    pub(super) logical: Logical,
    pub(super) scale: i64,
    pub(super) precision: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Repetition {
    #[default]
    Required,
    Optional,
    Repeated,
}

/// What the values of a node are said to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Logical {
    #[default]
    None,
    Text,
    Map,
    List,
    Decimal,
    Date,
    Clock(TimeUnit),
    /// `utc` says that it is an instant, not a clock's reading.
    Timestamp {
        unit: TimeUnit,
        utc: bool,
    },
    Unsigned,
    Uuid,
    Float16,
}

/// Rows whose columns lie together.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) n_rows: u64,
    /// One for each leaf of the schema.
    pub(super) chunks: Vec<Chunk>,
}

/// Where a column of a group is.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) n_bytes: u64,
    pub(super) codec: i64,
    pub(super) physical: i64,
    is_encrypted: bool,
    is_elsewhere: bool,
}

impl Footer {
    /// Reads the footer.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are none, or it says that columns are encrypted or in other files.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut footer = Self::default();
        Thrift::new(bytes).structure(&mut |thrift, field| match field.id {
            2 => thrift.list(field, &mut |thrift| {
                footer.schema.push(Node::read(thrift)?);
                Ok(())
            }),
            4 => thrift.list(field, &mut |thrift| {
                footer.groups.push(Group::read(thrift)?);
                Ok(())
            }),
            _ => thrift.skip(field),
        })?;
        let mut chunks = footer.groups.iter().flat_map(|group| &group.chunks);
        if chunks.clone().any(|chunk| chunk.is_encrypted) {
            return Err(encrypted());
        }
        if chunks.any(|chunk| chunk.is_elsewhere) {
            return Err(Error::bad_input("the Parquet file's columns are in other files; give the file that holds them"));
        }
        Ok(footer)
    }
}

/// That a file cannot be read without a key.
pub(super) fn encrypted() -> Error {
    Error::bad_input("the Parquet file is encrypted; decrypt it first")
}

impl Node {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self> {
        let mut node = Self::default();
        let (mut converted, mut told) = (None, Logical::None);
        thrift.structure(&mut |thrift, field| {
            match field.id {
                1 => node.physical = Some(thrift.int(field)?),
                2 => node.length = thrift.int(field)?,
                3 => {
                    node.repetition = match thrift.int(field)? {
                        0 => Repetition::Required,
                        1 => Repetition::Optional,
                        2 => Repetition::Repeated,
                        _ => return Err(damaged("a column is neither required, optional nor repeated")),
                    }
                }
                4 => node.name = thrift.text(field)?,
                5 => node.n_children = thrift.int(field)?,
                6 => converted = Some(thrift.int(field)?),
                7 => node.scale = thrift.int(field)?,
                8 => node.precision = thrift.int(field)?,
                10 => told = logical(thrift)?,
                _ => thrift.skip(field)?,
            }
            Ok(())
        })?;
        node.logical = if told == Logical::None { converted.map_or(told, converted_type) } else { told };
        Ok(node)
    }
}

/// What older files say instead of a logical type.
fn converted_type(number: i64) -> Logical {
    match number {
        0 | 4 | 19 => Logical::Text,
        1 | 2 => Logical::Map,
        3 => Logical::List,
        5 => Logical::Decimal,
        6 => Logical::Date,
        7 => Logical::Clock(TimeUnit::Milli),
        8 => Logical::Clock(TimeUnit::Micro),
        9 => Logical::Timestamp { unit: TimeUnit::Milli, utc: true },
        10 => Logical::Timestamp { unit: TimeUnit::Micro, utc: true },
        11..=14 => Logical::Unsigned,
        _ => Logical::None,
    }
}

/// A union of structures, of which one is there.
fn logical(thrift: &mut Thrift<'_>) -> Result<Logical> {
    let mut logical = Logical::None;
    thrift.structure(&mut |thrift, field| {
        logical = match field.id {
            7 | 8 | 10 => return logical_of_parts(thrift, field.id, &mut logical),
            1 | 4 | 12 => Logical::Text,
            2 => Logical::Map,
            3 => Logical::List,
            5 => Logical::Decimal, // scale and precision stand in the node, too
            6 => Logical::Date,
            14 => Logical::Uuid,
            15 => Logical::Float16,
            _ => Logical::None,
        };
        thrift.skip(field)
    })?;
    Ok(logical)
}

/// Those that say more than which they are.
fn logical_of_parts(thrift: &mut Thrift<'_>, id: i16, logical: &mut Logical) -> Result<()> {
    let (mut utc, mut unit, mut is_signed) = (true, TimeUnit::Milli, true);
    thrift.structure(&mut |thrift, field| {
        match (id, field.id) {
            (7 | 8, 1) => utc = thrift.bool(field)?,
            (7 | 8, 2) => unit = time_unit(thrift)?,
            (10, 2) => is_signed = thrift.bool(field)?,
            _ => thrift.skip(field)?,
        }
        Ok(())
    })?;
    *logical = match id {
        7 => Logical::Clock(unit),
        8 => Logical::Timestamp { unit, utc },
        _ if is_signed => Logical::None,
        _ => Logical::Unsigned,
    };
    Ok(())
}

fn time_unit(thrift: &mut Thrift<'_>) -> Result<TimeUnit> {
    let mut unit = TimeUnit::Milli;
    thrift.structure(&mut |thrift, field| {
        unit = match field.id {
            2 => TimeUnit::Micro,
            3 => TimeUnit::Nano,
            _ => TimeUnit::Milli,
        };
        thrift.skip(field)
    })?;
    Ok(unit)
}

impl Group {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self> {
        let mut group = Self::default();
        thrift.structure(&mut |thrift, field| match field.id {
            1 => thrift.list(field, &mut |thrift| {
                group.chunks.push(Chunk::read(thrift)?);
                Ok(())
            }),
            3 => {
                group.n_rows = count(thrift, field)?;
                Ok(())
            }
            _ => thrift.skip(field),
        })?;
        Ok(group)
    }
}

impl Chunk {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self> {
        let mut chunk = Self::default();
        thrift.structure(&mut |thrift, field| match field.id {
            1 => {
                chunk.is_elsewhere = !thrift.text(field)?.is_empty();
                Ok(())
            }
            3 => chunk.read_metadata(thrift),
            8 | 9 => {
                chunk.is_encrypted = true;
                thrift.skip(field)
            }
            _ => thrift.skip(field),
        })?;
        Ok(chunk)
    }

    fn read_metadata(&mut self, thrift: &mut Thrift<'_>) -> Result<()> {
        let (mut data, mut dictionary) = (0, 0);
        thrift.structure(&mut |thrift, field| {
            match field.id {
                1 => self.physical = thrift.int(field)?,
                4 => self.codec = thrift.int(field)?,
                7 => self.n_bytes = count(thrift, field)?,
                9 => data = count(thrift, field)?,
                // Some writers say 0 where there is none.
                11 => dictionary = thrift.int(field)?.max(0) as u64,
                _ => thrift.skip(field)?,
            }
            Ok(())
        })?;
        self.start = if dictionary > 0 && dictionary < data { dictionary } else { data };
        Ok(())
    }
}

fn count(thrift: &mut Thrift<'_>, field: Field) -> Result<u64> {
    u64::try_from(thrift.int(field)?).map_err(|_| damaged("a count is negative"))
}
