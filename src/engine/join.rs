//! Another file's columns beside those of the events, by a key: a catalogue of items, or customers.

use super::Dataset;
use crate::event::{Column, ColumnType, Schema, guess_roles};
use crate::{Error, ErrorKind, Result};

/// How another data set's columns are brought in.
///
/// ```
/// use clickfold::engine::{Join, LoadOptions, Loader};
/// let load = |text: &str| {
///     let mut loader = Loader::new(LoadOptions::default())?;
///     loader.push(text.as_bytes())?;
///     loader.finish()
/// };
/// let mut events = load("item,action\n1,view\n2,buy\n1,buy\n9,view\n")?;
/// let catalogue = load("sku,name,price\n1,Hat,12.50\n2,Cap,8.00\n3,Bag,30.00\n")?;
/// let join = Join { on: "item".into(), to: Some("sku".into()), indicator: Some("is_listed".into()), columns: None };
/// let joined = events.join(&catalogue, &join)?;
/// assert_eq!(joined.columns, ["name", "price", "is_listed"]);
/// assert_eq!((joined.matched, joined.without, joined.keys_without), (3, 1, 1));
/// assert_eq!(joined.used, [true, true, false]);
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Join {
    /// The column of the events that holds the key.
    pub on: String,
    /// The column of the other data that does; the one of the same name, if not given.
    pub to: Option<String>,
    /// The columns that are brought in; all but the key, if not given.
    pub columns: Option<Vec<String>>,
    /// The name of a further column that says whether a row's key was found.
    pub indicator: Option<String>,
}

/// What a join has brought, and what did not match: `matched + without` is the number of rows.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The names of the columns that came: a name that was there already has `_2` behind it, or a higher number.
    pub columns: Vec<String>,
    /// Rows whose key was found.
    pub matched: u64,
    /// Rows whose key was not found, or is null.
    pub without: u64,
    /// Distinct keys that were not found.
    pub keys_without: u64,
    /// Rows of the other data whose key had come before: the first one counts.
    pub repeated: u64,
    /// For each row of the other data, whether some event has its key.
    pub used: Vec<bool>,
}

impl Dataset {
    /// Brings another data set's columns in, each row's from the other's first row of the same key; no row goes and none comes.
    /// Where no such row is, or the key is null, they are null. Keys of one type are compared by value, of two types as they were written.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` for a column that one of them does not have; `UNSUPPORTED` where only answers are kept.
    pub fn join(&mut self, other: &Self, join: &Join) -> Result<Joined> {
        if self.answers.is_some() || other.answers.is_some() {
            return Err(Error::new(ErrorKind::Unsupported, "only rows can be joined; load both without \"keep\""));
        }
        self.store.seal()?;
        let key = self.schema.index_of(&join.on)?;
        let other_key = other.schema.index_of(join.to.as_ref().unwrap_or(&join.on))?;
        let taken: Vec<usize> = match &join.columns {
            Some(names) => names.iter().map(|name| other.schema.index_of(name)).collect::<Result<_>>()?,
            None => (0..other.schema.columns().len()).filter(|&at| at != other_key).collect(),
        };
        let matches = self.store.join(key, &other.store, other_key, &taken, join.indicator.is_some())?;
        let names = taken.iter().map(|&at| other.schema.columns()[at].name.as_str()).chain(join.indicator.as_deref());
        let columns = self.add_joined(names.collect());
        #[cfg(feature = "live")]
        self.follow_columns(self.schema.index_of_role(crate::event::Role::Time))?;
        Ok(Joined {
            columns,
            matched: matches.matched,
            without: self.n_rows() as u64 - matches.matched,
            keys_without: matches.keys_without,
            repeated: matches.repeated,
            used: matches.used,
        })
    }

    /// Adds a column of that name that says of each row what `flags` do, such as whether a join has used it.
    pub fn mark(&mut self, name: &str, flags: &[bool]) -> String {
        self.store.mark(flags);
        self.add_joined(vec![name]).remove(0)
    }

    /// Names the store's last columns, and gives them the roles that no column has.
    fn add_joined(&mut self, names: Vec<&str>) -> Vec<String> {
        let old = self.schema.columns().to_vec();
        let mut columns = old.clone();
        for name in names {
            let is_free = |name: &String| columns.iter().all(|column| column.name != *name);
            let numbered = (2..).map(|n| format!("{name}_{n}"));
            let free = std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
            columns.push(Column { name: free, column_type: ColumnType::Null, role: None });
        }
        let n_old = old.len();
        self.schema = Schema::new(columns);
        self.take_types();
        guess_roles(self.schema.columns_mut());
        self.schema.columns_mut()[..n_old].clone_from_slice(&old);
        self.schema.columns()[n_old..].iter().map(|column| column.name.clone()).collect()
    }
}
