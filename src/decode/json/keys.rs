//! Which column a value belongs to: by the keys around it.

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
    names: Vec<String>,
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
        let event = Node { is_of_event: true, ..Node::default() };
        Self { nodes: vec![Node::default(), event], names: names.to_vec(), array: array.unwrap_or("").to_owned() }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The key of an object that `text` begins with, looked for from that place among those that came before: most objects
    /// have their keys in the same order. Gives its own place, and how many bytes it takes with its closing quote.
    #[inline]
    pub(super) fn find(&self, node: usize, place: usize, text: &[u8]) -> Option<(usize, usize)> {
        let children = &self.nodes[node].children;
        let is_it = |(key, _): &(Vec<u8>, usize)| text.starts_with(key);
        match children.get(place) {
            Some(child) if is_it(child) => Some((place, child.0.len())),
            _ => self.find_elsewhere(node, place, text),
        }
    }

    #[inline(never)]
    fn find_elsewhere(&self, node: usize, place: usize, text: &[u8]) -> Option<(usize, usize)> {
        let children = &self.nodes[node].children;
        let n = children.len();
        let at = (place..n).chain(0..place.min(n)).find(|&at| text.starts_with(&children[at].0))?;
        Some((at, children[at].0.len()))
    }

    /// The object or value that the key in that place has.
    #[inline]
    pub(super) fn child(&self, node: usize, place: usize) -> usize {
        self.nodes[node].children[place].1
    }

    /// Takes in a key that [`find`](Keys::find) does not find, as it is written with its closing quote; `name` is what it says.
    /// Gives its place; `None` when there would be too many columns.
    pub(super) fn add(&mut self, node: usize, written: &[u8], name: &str) -> Option<usize> {
        if self.nodes.len() > 4 * MOST_COLUMNS {
            return None;
        }
        let parent = &self.nodes[node];
        let path = if parent.path.is_empty() { name.to_owned() } else { [&parent.path, ".", name].concat() };
        let (child, is_of_event) = (self.nodes.len(), parent.is_of_event);
        self.nodes.push(Node { path, is_of_event, ..Node::default() });
        let children = &mut self.nodes[node].children;
        children.push((written.to_vec(), child));
        Some(children.len() - 1)
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
        let place = |name: &str| self.names.iter().position(|known| known == name);
        let is_of_others = |at: usize| self.nodes.iter().any(|n| n.column == Some(at) && n.is_of_event != *is_of_event);
        let mut name = if path.is_empty() { "value".to_owned() } else { path.clone() };
        let mut known = place(&name);
        if known.is_some_and(is_of_others) {
            name = [if *is_of_event { &self.array } else { "record" }, ".", &name].concat();
            known = place(&name);
        }
        let column = match known {
            Some(column) => column,
            None if self.names.len() >= MOST_COLUMNS => return None,
            None => {
                self.names.push(name);
                self.names.len() - 1
            }
        };
        self.nodes[node].column = Some(column);
        Some(column)
    }
}
