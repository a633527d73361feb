//! The question in SQL: the distinct pairs of basket and item, joined with themselves.

use super::Baskets;
use super::rules::Rank;
use crate::Result;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{Steps, to_float};
use crate::event::Schema;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

impl Baskets {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let [item_at, by_at] = self.columns(schema)?;
        let [item, basket] = [item_at, by_at].map(|at| format!("e.{}", dialect.ident(&schema.columns()[at].name)));
        let filter = Filter::parse(&self.filter, &columns_of(schema))?;
        let filter = if filter.passes_all() { String::new() } else { format!(" AND {}", filter.sql_in("e", schema, dialect)?) };
        let mut steps = Steps::default();
        steps.add(
            "contents",
            &format!(
                "SELECT DISTINCT {basket} AS basket, {item} AS item\nFROM events AS e\n\
                 WHERE {basket} IS NOT NULL AND {item} IS NOT NULL{filter}"
            ),
        );
        let whole = "(SELECT count(DISTINCT basket) FROM contents)";
        let shown = if self.of_items { "item, count(*) AS baskets" } else { "item, count(*) AS n_baskets" };
        steps.add("items", &format!("SELECT {shown}\nFROM contents\nGROUP BY item"));
        let float = |number: &str| to_float(number, dialect);
        if self.of_items {
            let least = self.min_support.sql("baskets", whole);
            return Ok(steps.statement(&format!(
                "SELECT item, baskets, {} / {whole} AS support\nFROM items\nWHERE {least}\nORDER BY baskets DESC, item ASC\nLIMIT {}",
                float("baskets"),
                self.limit
            )));
        }
        // What is asked of the item is asked of a step whose one column is it.
        let columns = [("item".to_owned(), ValueType::Of(schema.columns()[item_at].column_type))];
        let only = match self.only_filter("item", &|_| Ok((0, columns[0].1)))? {
            Some(filter) => {
                steps.add("chosen", &format!("SELECT item\nFROM items\nWHERE {}", filter.sql_of(&columns, dialect)?));
                " AND one.item IN (SELECT item FROM chosen)"
            }
            None => "",
        };
        steps.add(
            "pairs",
            &format!(
                "SELECT one.item AS item, two.item AS other, count(*) AS baskets\n\
                 FROM contents AS one JOIN contents AS two ON one.basket = two.basket\nWHERE one.item <> two.item{only}\n\
                 GROUP BY one.item, two.item"
            ),
        );
        steps.add(
            "rules",
            &format!(
                "SELECT p.item AS item, p.other AS other, p.baskets AS baskets, a.n_baskets AS of_item, b.n_baskets AS of_other, \
                 {whole} AS of_all\n\
                 FROM pairs AS p JOIN items AS a ON p.item = a.item JOIN items AS b ON p.other = b.item"
            ),
        );
        let confident = self.min_confidence.map(|least| format!(" AND {}", least.sql("baskets", "of_item"))).unwrap_or_default();
        let lift = format!("{} / {}", float("(baskets * of_all)"), float("(of_item * of_other)"));
        let rank = match self.rank {
            Rank::Baskets | Rank::Support => "baskets".to_owned(),
            Rank::Confidence => format!("{} / of_item", float("baskets")),
            Rank::Lift => lift.clone(),
            Rank::Cosine => format!("{} / {}", float("(baskets * baskets)"), float("(of_item * of_other)")),
        };
        Ok(steps.statement(&format!(
            "SELECT item, other, baskets,\n  {} / of_all AS support,\n  {} / of_item AS confidence,\n  {lift} AS lift,\n  \
             {} / sqrt({} * of_other) AS cosine\nFROM rules\nWHERE {}{confident}\n\
             ORDER BY {rank} DESC, baskets DESC, item ASC, other ASC\nLIMIT {}",
            float("baskets"),
            float("baskets"),
            float("baskets"),
            float("of_item"),
            self.min_support.sql("baskets", "of_all"),
            self.limit
        )))
    }
}
