//! Several sources as one data set: their rows one behind the other, their columns united by name.

use super::{Dataset, Report};
use crate::event::{ColumnType, Schema};
use crate::kernel::instant::DateStyle;
use crate::store::Store;
use crate::{Error, ErrorKind, Result};

impl Dataset {
    /// The rows of all data sets, each with the name of its source: a column that one has not is null in its rows. The first
    /// one's options tell types and roles.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when a source has no column that another has too; `UNSUPPORTED` where only answers are kept.
    pub fn unite(sources: Vec<(String, Self)>) -> Result<Self> {
        let names_of = |data: &Self| data.schema.columns().iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let mut names: Vec<String> = vec![];
        for (source, data) in &sources {
            let own = names_of(data);
            if !names.is_empty() && !own.iter().any(|name| names.contains(name)) {
                let sentence =
                    format!("{source} has no column that the sources before it have; load those of one kind at a time");
                return Err(Error::bad_input(sentence));
            }
            names.extend(own.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
        }
        let mut sources = sources.into_iter();
        let Some((name, mut all)) = sources.next() else { return Err(Error::bad_input("no file was given")) };
        all.report.name_source(&name);
        let mut store = std::mem::take(&mut all.store);
        arrange(&mut store, &names_of(&all), &names)?;
        for (name, mut data) in sources {
            if data.answers.is_some() || all.answers.is_some() {
                return Err(Error::new(ErrorKind::Unsupported, "sources are united where their rows are kept"));
            }
            let own = names_of(&data);
            arrange(&mut data.store, &own, &names)?;
            keep_styles_apart(&mut store, &data.store)?;
            store.absorb(data.store)?;
            data.report.name_source(&name);
            all.report.add(&data.report);
        }
        store.seal()?;
        all.store = store;
        all.schema = Schema::of(&names, all.store.types());
        all.decide()?;
        Ok(all)
    }
}

fn arrange(store: &mut Store, own: &[String], names: &[String]) -> Result<()> {
    let at = |name: &String| own.iter().position(|own| own == name);
    store.arrange_columns(&names.iter().map(at).collect::<Vec<_>>())
}

/// Makes text of times whose dates have the day first, or the month, where the other's have not: the column as a whole says
/// no such thing.
fn keep_styles_apart(store: &mut Store, other: &Store) -> Result<()> {
    let style = |store: &Store, at: usize| DateStyle::of(store.form_of_times(at));
    let is_decided = |style: DateStyle| matches!(style, DateStyle::DayFirst | DateStyle::MonthFirst);
    let mut types: Vec<ColumnType> = store.types().collect();
    for (at, (own, others)) in types.iter_mut().zip(other.types()).enumerate() {
        let (a, b) = (style(store, at), style(other, at));
        if a != b && (is_decided(a) || is_decided(b)) && *own != ColumnType::Null && others != ColumnType::Null {
            *own = ColumnType::Text;
        }
    }
    store.widen(&types)
}

impl Report {
    /// Says of each reject which source it is from.
    fn name_source(&mut self, name: &str) {
        self.rejects.kept.iter_mut().for_each(|reject| reject.file = Some(name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Dataset, LoadOptions, Loader};
    use crate::{Query, text};

    fn load(text: &str) -> Dataset {
        let mut loader = Loader::new(LoadOptions::default()).unwrap();
        loader.push(text.as_bytes()).unwrap();
        loader.finish().unwrap()
    }

    fn unite(texts: &[&str]) -> crate::Result<Dataset> {
        Dataset::unite(texts.iter().enumerate().map(|(at, text)| (format!("file{at}"), load(text))).collect())
    }

    #[test]
    fn columns_are_those_of_one_name() {
        let mut data = unite(&[
            "user,item,n\n1,hat,2\n2,cap,x\n3\n",
            "{\"item\":\"hat\",\"price\":1.5,\"user\":2}\n",
            "price;user\n2.25;7\n;8\n9\n",
        ])
        .unwrap();
        let query: Query = serde_json::from_str(r#"{"kind": "rows", "select": ["user", "item", "n", "price"]}"#).unwrap();
        let rows = text::to_csv(&data.query(&query, &Default::default()).unwrap());
        assert_eq!(rows, "user,item,n,price\n1,hat,2,\n2,cap,x,\n2,hat,,1.50\n7,,,2.25\n8,,,\n");
        let report = data.report();
        assert_eq!((report.read, report.used, report.rejected), (7, 5, 2));
        let rejects: Vec<_> = report.rejects.kept.iter().map(|r| (r.file.as_deref(), r.line)).collect();
        assert_eq!(rejects, [(Some("file0"), 4), (Some("file2"), 4)]);
    }

    #[test]
    fn sources_of_other_kinds_are_refused() {
        let error = unite(&["user,item\n1,2\n", "day,visits\n2024-01-01,3\n"]).unwrap_err();
        assert!(error.to_string().starts_with("file1 has no column"), "{error}");
    }
}
