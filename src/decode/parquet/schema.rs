//! The columns of a Parquet file: the leaves of its schema, called by the names on the way to them.

use super::damaged;
use super::footer::{Logical, Node, Repetition};
use crate::Result;
use crate::decode::typed::Meaning;

/// Groups lie at most so deep in each other.
const DEEPEST: usize = 64;
/// A file with more columns is none of events.
const MOST_LEAVES: usize = 10_000;
/// No value is longer.
const LONGEST: i64 = 1 << 20;

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) physical: Physical,
    pub(super) meaning: Meaning,
    /// Whether 32 bits hold no sign.
    pub(super) is_unsigned: bool,
    /// The level at which there is a value.
    pub(super) most_defined: u32,
    /// Lists around it.
    pub(super) most_repeated: u32,
    /// Of a column within a list: the level at which the list has an element.
    pub(super) element: u32,
}

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Physical {
    Bool,
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    Bytes,
    /// Bytes of one length.
    Fixed(usize),
}

/// The leaves of a schema, in the order in which a group has their bytes.
///
/// # Errors
///
/// `BAD_INPUT` when the nodes are no tree, or a leaf's type is none.
pub(super) fn leaves(nodes: &[Node]) -> Result<Vec<Leaf>> {
    let (root, nodes) = nodes.split_first().ok_or_else(|| damaged("it has no schema"))?;
    let mut walk = Walk { nodes, at: 0, leaves: vec![] };
    let above = Above { name: "", defined: 0, repeated: 0, element: 0, list: None, depth: 0 };
    for _ in 0..root.n_children {
        walk.node(&above)?;
    }
    Ok(walk.leaves)
}

struct Walk<'a> {
    nodes: &'a [Node],
    at: usize,
    leaves: Vec<Leaf>,
}

/// What lies above a node.
struct Above<'a> {
    name: &'a str,
    defined: u32,
    repeated: u32,
    element: u32,
    /// Whether the node's parent is said to be a list or a map, or is the repeated group of one: their names say nothing.
    list: Option<Part>,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    List,
    Map,
    /// The only child of a list's repeated group.
    Element,
}

impl Walk<'_> {
    fn node(&mut self, above: &Above<'_>) -> Result<()> {
        let nodes = self.nodes;
        let node = nodes.get(self.at).ok_or_else(|| damaged("its schema ends too early"))?;
        self.at += 1;
        if above.depth > DEEPEST || self.leaves.len() > MOST_LEAVES {
            return Err(damaged("its schema is larger than that of any table"));
        }
        let is_repeated = node.repetition == Repetition::Repeated;
        let defined = above.defined + u32::from(node.repetition != Repetition::Required);
        let has_no_name = above.list == Some(Part::Element) || is_repeated && above.list.is_some();
        let name = match (above.name, node.name.as_str()) {
            (name, _) if has_no_name => name.to_owned(),
            ("", name) => name.to_owned(),
            (above, name) => format!("{above}.{name}"),
        };
        let below = Above {
            name: &name,
            defined,
            repeated: above.repeated + u32::from(is_repeated),
            element: if is_repeated { defined } else { above.element },
            list: match (node.logical, above.list) {
                (Logical::List, _) => Some(Part::List),
                (Logical::Map, _) => Some(Part::Map),
                (_, Some(Part::List)) if is_repeated && node.n_children == 1 && !is_a_record(node, above.name) => {
                    Some(Part::Element)
                }
                _ => None,
            },
            depth: above.depth + 1,
        };
        if node.n_children > 0 {
            return (0..node.n_children).try_for_each(|_| self.node(&below));
        }
        if let Some(physical) = node.physical {
            let physical = physical_type(physical, node.length)?;
            self.leaves.push(Leaf {
                physical,
                meaning: meaning(node, physical)?,
                is_unsigned: node.logical == Logical::Unsigned,
                most_defined: defined,
                most_repeated: below.repeated,
                element: below.element,
                name,
            });
        }
        Ok(())
    }
}

/// Whether a list's repeated group is the element itself, as older writers had it.
fn is_a_record(node: &Node, list: &str) -> bool {
    node.name == "array"
        || node.name.strip_suffix("_tuple").is_some_and(|name| list == name || list.ends_with(&format!(".{name}")))
}

fn physical_type(number: i64, length: i64) -> Result<Physical> {
    Ok(match number {
        0 => Physical::Bool,
        1 => Physical::Int32,
        2 => Physical::Int64,
        3 => Physical::Int96,
        4 => Physical::Float,
        5 => Physical::Double,
        6 => Physical::Bytes,
        7 if (1..=LONGEST).contains(&length) => Physical::Fixed(length as usize),
        _ => return Err(damaged("a column is of no known type")),
    })
}

/// What is said of the values, where it can be so; what is not known is passed over.
fn meaning(node: &Node, physical: Physical) -> Result<Meaning> {
    Ok(match (physical, node.logical) {
        (Physical::Int32 | Physical::Int64 | Physical::Bytes | Physical::Fixed(_), Logical::Decimal) => {
            let scale = u8::try_from(node.scale).ok().filter(|&scale| scale <= 37);
            Meaning::Decimal {
                scale: scale.ok_or_else(|| damaged(&format!("a decimal has {} digits after the point", node.scale)))?,
            }
        }
        (Physical::Bool, _) => Meaning::Bool,
        (Physical::Int32, Logical::Date) => Meaning::Date,
        (Physical::Int32 | Physical::Int64, Logical::Clock(unit)) => Meaning::Clock(unit),
        (Physical::Int64, Logical::Timestamp { unit, utc }) => Meaning::Time { unit, utc },
        (Physical::Int64, Logical::Unsigned) => Meaning::Unsigned,
        (Physical::Int32 | Physical::Int64, _) => Meaning::Int,
        (Physical::Int96, _) => Meaning::Nanos,
        (Physical::Float, _) => Meaning::Float { single: true },
        (Physical::Double, _) => Meaning::Float { single: false },
        (Physical::Fixed(2), Logical::Float16) => Meaning::Float { single: true },
        (Physical::Fixed(16), Logical::Uuid) => Meaning::Uuid,
        (Physical::Bytes | Physical::Fixed(_), _) => Meaning::Text,
    })
}
