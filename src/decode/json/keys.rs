//! Which column a value belongs to: by the keys around it.

use std::collections::HashMap;

/// More columns are not a table's: keys that differ from record to record are data.
pub(super) const MOST_COLUMNS: usize = 2_000;

/// The object that a record is.
pub(super) const RECORD: usize = 0;
/// The object that an element of a record's events is.
pub(super) const EVENT: usize = 1;

/// The keys that were seen, each within the object that has it, and their columns.
#[derive(Debug)]
pub(super) struct Keys {
    nodes: Vec<Node>,
    by_key: HashMap<(usize, Vec<u8>), usize>,
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// The name of the array whose elements are events.
    array: String,
}

#[derive(Debug, Default)]
struct Node {
    /// The keys from the record down, joined by dots.
    path: String,
    is_of_event: bool,
    column: Option<usize>,
    /// Keys as they are written, with their closing quote, in the order in which they came.
    children: Vec<(Vec<u8>, usize)>,
}

impl Keys {
    /// Of columns of these names. `array` names the record's array whose elements are rows.
    pub(super) fn new(names: &[String], array: Option<&str>) -> Self {
        let by_name = names.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect();
        let event = Node { is_of_event: true, ..Node::default() };
        Self {
            nodes: vec![Node::default(), event],
            by_key: HashMap::new(),
            names: names.to_vec(),
            by_name,
            array: array.unwrap_or("").to_owned(),
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The key of an object that is written at the start of `text`, if it is the one that came in that place before; and how
    /// many bytes it takes, with its closing quote.
    #[inline]
    pub(super) fn expected(&self, node: usize, place: usize, text: &[u8]) -> Option<(usize, usize)> {
        let (key, child) = self.nodes[node].children.get(place)?;
        text.starts_with(key).then_some((*child, key.len()))
    }

    /// The key of an object, as it is written with its closing quote; `name` is what it says. `None` when there would be too
    /// many columns.
    pub(super) fn child(&mut self, node: usize, written: &[u8], name: impl FnOnce() -> String) -> Option<usize> {
        if let Some(&child) = self.by_key.get(&(node, written.to_vec())) {
            return Some(child);
        }
        if self.nodes.len() > 4 * MOST_COLUMNS {
            return None;
        }
        let parent = &self.nodes[node];
        let name = name();
        let path = if parent.path.is_empty() { name } else { format!("{}.{name}", parent.path) };
        let child = self.nodes.len();
        self.nodes.push(Node { path, is_of_event: self.nodes[node].is_of_event, ..Node::default() });
        self.nodes[node].children.push((written.to_vec(), child));
        self.by_key.insert((node, written.to_vec()), child);
        Some(child)
    }

    /// What the keys down to a value are called together.
    pub(super) fn path(&self, node: usize) -> &str {
        &self.nodes[node].path
    }

    /// The column of values that have these keys; `None` when there would be too many.
    #[inline]
    pub(super) fn column(&mut self, node: usize) -> Option<usize> {
        match self.nodes[node].column {
            None => self.new_column(node),
            known => known,
        }
    }

    #[cold]
    fn new_column(&mut self, node: usize) -> Option<usize> {
        let Node { path, is_of_event, .. } = &self.nodes[node];
        // A key of an event that the record has too is told apart by the array's name.
        let of_others = |name: &str| {
            let at = self.by_name.get(name);
            at.is_some_and(|&at| self.nodes.iter().any(|n| n.column == Some(at) && n.is_of_event != *is_of_event))
        };
        let mut name = if path.is_empty() { "value".to_owned() } else { path.clone() };
        if of_others(&name) {
            name = if *is_of_event { format!("{}.{name}", self.array) } else { format!("record.{name}") };
        }
        let column = match self.by_name.get(&name) {
            Some(&column) => column,
            None if self.names.len() >= MOST_COLUMNS => return None,
            None => {
                self.names.push(name.clone());
                self.by_name.insert(name, self.names.len() - 1);
                self.names.len() - 1
            }
        };
        self.nodes[node].column = Some(column);
        Some(column)
    }
}
