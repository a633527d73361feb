//! A data set on its way into another core, which answers more kinds of questions: its rows go by pieces, as in an exchange.

use super::Dataset;
#[cfg(feature = "events")]
use super::{LoadOptions, Report, options::parse_role};
use crate::kernel::instant::DateStyle;
use crate::store::Exchange;
use crate::{Error, ErrorKind, Result};

impl Dataset {
    /// Begins to give all rows away, to whoever has become this data set by `arriving`.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` where only answers are kept.
    pub fn leave(&mut self) -> Result<Exchange> {
        if self.answers.is_some() {
            let sentence = "only answers are kept, so nothing else can be asked; load without \"keep\"";
            return Err(Error::new(ErrorKind::Unsupported, sentence));
        }
        // There is one store, number 0, and this is not it.
        Ok(self.store.exchange(0, 1, 1, 0))
    }

    /// How dates are read in each column, where that was decided.
    pub fn date_styles(&self) -> &[DateStyle] {
        &self.styles
    }

    /// Whether other data sets have rows of the same data, and whether none of them has rows of the actors in this one.
    pub fn sharing(&self) -> (bool, bool) {
        (self.is_shard, self.has_whole_actors)
    }
}

/// What the rows of a data set are, as the core tells it that they leave.
#[cfg(feature = "events")]
#[derive(Debug, serde::Deserialize)]
pub struct Arriving {
    /// Its columns' names and roles, and more of them that is not needed.
    pub schema: Vec<ArrivingColumn>,
    /// Their types.
    pub types: Vec<crate::event::ColumnType>,
    /// What became of the source's rows.
    pub report: super::report::ToldReport,
    /// How dates are read in them, where that was decided.
    pub styles: Vec<DateStyle>,
    /// Whether others have rows of the same data.
    pub is_shard: bool,
    /// Whether none of them has rows of the actors in this one.
    pub has_whole_actors: bool,
}

/// A column of such a data set.
#[cfg(feature = "events")]
#[derive(Debug, serde::Deserialize)]
pub struct ArrivingColumn {
    name: String,
    role: Option<String>,
}

#[cfg(feature = "events")]
impl Dataset {
    /// A data set whose rows are still to be taken in. `options` are those that it was loaded with.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for a role that is none.
    pub fn arriving(told: Arriving, options: LoadOptions) -> Result<Self> {
        let names: Vec<String> = told.schema.iter().map(|column| column.name.clone()).collect();
        let mut schema = crate::event::Schema::of(&names, told.types.iter().copied());
        for (column, told) in schema.columns_mut().iter_mut().zip(&told.schema) {
            column.role = told.role.as_deref().map(parse_role).transpose()?;
        }
        let report = Report::told(told.report, &names, &options);
        Ok(Self {
            schema,
            store: crate::store::Store::of_types(&told.types)?,
            answers: None,
            report,
            options,
            #[cfg(feature = "formats")]
            cleaning: None,
            is_shard: told.is_shard,
            has_whole_actors: told.has_whole_actors,
            exchanged: None,
            styles: told.styles,
            #[cfg(feature = "live")]
            live: None,
        })
    }

    /// All rows have come.
    ///
    /// # Errors
    ///
    /// Never, unless a code lost its text.
    pub fn arrive(&mut self) -> Result<()> {
        if self.is_shard && self.has_whole_actors {
            let actor = self.schema.index_of_role(crate::event::Role::Actor);
            self.exchanged = actor.map(|actor| (self.schema.columns()[actor].column_type, self.n_rows()));
        }
        self.store.mix(!self.has_whole_actors);
        self.store.seal()
    }
}

#[cfg(test)]
#[cfg(feature = "events")]
mod tests {
    use super::*;
    use crate::engine::Loader;
    use crate::{Query, text};

    fn loaded(options: &LoadOptions) -> Dataset {
        let mut loader = Loader::new(options.clone()).unwrap();
        loader.push(b"user_id,day,at,price,note\n1,13/2/2024,2024-03-10 10:00,1.5,a\n2,1/2/2024,,,\n1,2/2/2024,2024-03-10 09:00:30,2,b\nx,y\n").unwrap();
        loader.finish().unwrap()
    }

    #[test]
    fn a_data_set_is_the_same_in_another_core() {
        let options: LoadOptions = serde_json::from_str(r#"{"schema": {"user_id": {"role": "session"}}}"#).unwrap();
        let (mut there, mut stays) = (loaded(&options), loaded(&options));
        let told = serde_json::json!({
            "schema": there.columns(), "types": there.types(), "report": there.report(), "styles": there.date_styles(),
            "is_shard": false, "has_whole_actors": true,
        });
        let mut here = Dataset::arriving(serde_json::from_value(told).unwrap(), options).unwrap();
        let mut leaving = there.leave().unwrap();
        while let Some(given) = there.give(&mut leaving).unwrap() {
            given.iter().for_each(|given| here.take_in(&given.rows).unwrap());
        }
        here.arrive().unwrap();
        assert_eq!(there.n_rows(), 0);
        let rows: Query = serde_json::from_str(r#"{"kind": "rows"}"#).unwrap();
        let same = |here: &mut Dataset, stays: &mut Dataset| {
            let answer = |data: &mut Dataset| text::to_csv(&data.query(&rows, &Default::default()).unwrap());
            assert_eq!(answer(here), answer(stays));
            let told = |data: &Dataset| serde_json::to_value((data.columns().len(), data.report(), data.types())).unwrap();
            assert_eq!(told(here), told(stays));
            let roles = |data: &Dataset| data.columns().iter().map(|column| column.role).collect::<Vec<_>>();
            assert_eq!(roles(here), roles(stays));
        };
        same(&mut here, &mut stays);
        for data in [&mut here, &mut stays] {
            // The day comes first, which these rows alone do not say.
            data.append(b"3,3/4/2024,2024-03-11 10:00,0.25,c\nz,z\n", None).unwrap();
        }
        assert!(text::to_csv(&here.query(&rows, &Default::default()).unwrap()).contains("2024-04-03"));
        same(&mut here, &mut stays);
    }

    #[test]
    fn answers_that_are_kept_cannot_leave() {
        let query = serde_json::json!({"kind": "aggregate", "measures": {"n": {"fn": "count"}}});
        let answers = crate::engine::Answers::new(vec![query], Default::default(), &LoadOptions::default(), 0).unwrap();
        let mut loader = Loader::keeping(LoadOptions::default(), Some(answers)).unwrap();
        loader.push(b"user_id\n1\n").unwrap();
        assert_eq!(loader.finish().unwrap().leave().unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
