//! Steps that change which columns there are and what they are called.

use super::recipe::columns;
use super::{Action, Work};
use crate::error::spec::Spec;
use crate::{Error, Result};

/// `select`: keeps some columns, in the order named.
#[derive(Debug)]
pub(super) struct Select {
    columns: Vec<String>,
}

impl Select {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let columns = columns(spec)?;
        unique(&columns)?;
        Ok(Self { columns })
    }
}

impl Action for Select {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let columns = work.table.indices_of(&self.columns)?;
        work.table.select(&columns);
        Ok(())
    }
}

/// `rename`: gives columns other names, all at once, so that two may swap theirs.
#[derive(Debug)]
pub(super) struct Rename {
    names: Vec<(String, String)>,
}

impl Rename {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let Some(names) = spec.need("columns")?.as_object() else {
            return Err(Error::bad_query("\"columns\" of a rename must be an object of old and new names").at_column("columns"));
        };
        let name = |(old, new): (&String, &serde_json::Value)| match new.as_str() {
            Some(new) if !new.is_empty() => Ok((old.clone(), new.to_owned())),
            _ => Err(Error::bad_query(format!("the new name of column {old:?} must be a text, found {new}")).at_column(old)),
        };
        Ok(Self { names: names.iter().map(name).collect::<Result<_>>()? })
    }
}

impl Action for Rename {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let mut names = work.table.names().to_vec();
        for (old, new) in &self.names {
            names[work.table.index_of(old)?] = new.clone();
        }
        unique(&names)?;
        work.table.rename(names);
        Ok(())
    }
}

fn unique(names: &[String]) -> Result<()> {
    match names.iter().enumerate().find(|&(at, name)| names[..at].contains(name)) {
        None => Ok(()),
        Some((_, name)) => Err(Error::bad_query(format!("two columns would be called {name:?}")).at_column(name)),
    }
}
